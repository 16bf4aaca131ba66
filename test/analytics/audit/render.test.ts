import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Audit } from '../../../analytics/audit/contract.ts'
import { renderAudit } from '../../../analytics/audit/render.ts'
import { PLAIN } from '../../../cli/table-style.ts'

const line = { in: 30, out: 29, rejected: 0, dead: 0, inFlight: 0, repeats: 2, missing: 0, doubled: 0, stray: 0 }
const whole: Audit = {
  ...{
    run: 'simulated',
    revision: 'main',
    state: 'running',
    whole: true,
    passes: 1,
    notes: [],
    faults: [],
    stores: [],
  },
  stages: [{ stage: 'screen', ...line, inFlight: 1 }],
  counts: {
    ...{ problems: 30, accepted: 20, rejected: 9, dead: 0, inFlight: 1 },
    ...{ lost: 0, doubled: 0, stray: 0, repeats: 2, overdue: 0 },
  },
}

describe('the screen of an audit', () => {
  it('ends with the verdict', () => {
    const text = renderAudit(whole, { style: PLAIN })
    assert.match(text, /^run simulated: running\n/)
    assert.match(text, /\nscreen +30 +29 +0 +0 +1 +2 +0 +0 +0\n/)
    assert.match(
      text,
      /\nwhole so far: 29 of 30 problems have ended, each once \(20 accepted, 9 rejected, 0 dead letters\); 1 in flight$/,
    )
    const ended = renderAudit({ ...whole, counts: { ...whole.counts, rejected: 10, inFlight: 0 } }, { style: PLAIN })
    assert.match(ended, /\nwhole: 30 problems, each with one end \(20 accepted, 10 rejected, 0 dead letters\)$/)
  })

  it('says of rows that wait alone that they do', () => {
    const zero = { surplus: 0, dead: 0, missing: 0, doubled: 0, stray: 0 }
    const stores = [{ store: 'table sft', expected: 20, rows: 17, inFlight: 3, ...zero }]
    const counts = { ...whole.counts, rejected: 10, inFlight: 0 }
    assert.match(
      renderAudit({ ...whole, stores, counts }, { style: PLAIN }),
      /\nwhole so far: 30 of 30 problems have ended, .*; 3 rows in flight$/,
    )
  })

  it('says what fills a store that is empty, and only then', () => {
    const zero = { surplus: 0, dead: 0, inFlight: 0, doubled: 0, stray: 0 }
    const store = (name: string, rows: number) => ({ store: name, expected: 20, rows, missing: 20 - rows, ...zero })
    const shown = (...stores: Audit['stores']) => renderAudit({ ...whole, stores }, { style: PLAIN })
    const both = shown(store('table sft', 0), store('table problems', 0), store('files sft', 0))
    assert.match(
      both,
      /\n\nno table and no file has anything of it: the command that made it .* fills that in from Kafka\. Or is it another .*--state\)\?\n/,
    )
    assert.match(shown(store('table sft', 0), store('files sft', 20)), /\nno table has anything of it/)
    assert.doesNotMatch(shown(store('table sft', 0), store('table problems', 1)), /anything of it/)
    assert.doesNotMatch(shown(store('table dead_letters', 20)), /anything of it/)
  })

  it('tells of a finished run whether what is in flight has a reason', () => {
    const lawful = renderAudit({ ...whole, state: 'finished' }, { style: PLAIN })
    assert.match(
      lawful,
      /\nwhole so far: 29 of 30 .*; 1 in flight, sent again out of dead letters: start the run again to bring it to its end$/,
    )
    const counts = { ...whole.counts, overdue: 1 }
    const late = renderAudit({ ...whole, state: 'finished', whole: false, counts }, { style: PLAIN })
    assert.match(
      late,
      /\nUNENDED: the run is finished, and 1 record is in flight: start it again to bring it to its end; 29 of 30 /,
    )
    const both = renderAudit(
      { ...whole, state: 'finished', whole: false, counts: { ...counts, overdue: 2, lost: 1 } },
      { style: PLAIN },
    )
    assert.match(both, /\nBROKEN: 1 missing, .*; the run is finished, and 2 records are in flight: .* their end$/)
  })

  it('names what is wrong, where it was seen last, and how many more there are', () => {
    const first = [
      { id: 'a', says: 'it is gone', seen: 'tagged/3/17' },
      { id: 'b', says: 'it is gone', seen: null },
    ]
    const broken: Audit = {
      ...whole,
      ...{ whole: false, revision: 'strict', passes: 2, notes: ['tables not compared: left out'] },
      faults: [{ at: 'screen', kind: 'missing', count: 5, first }],
      counts: { ...whole.counts, lost: 5 },
    }
    const text = renderAudit(broken, { style: PLAIN })
    assert.match(text, /^run simulated, revision strict: running; read in 2 passes\n/)
    assert.match(text, /\nnote: tables not compared: left out\n/)
    const named = [
      '5 missing at screen:',
      '  a  it is gone (last on the log: tagged/3/17)',
      '  b  it is gone',
      '  and 3 more',
    ]
    assert.ok(text.includes(named.join('\n')), text)
    assert.match(text, /\nBROKEN: 5 missing, 0 doubled, 0 stray; 30 problems /)
  })
})

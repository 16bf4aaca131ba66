// What a person reads of revisions, and of a drop before it is carried out.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describe as describeLines } from '../../cli/revisions-list.ts'
import { describeLeft, describePlan } from '../../cli/revisions-drop.ts'
import { rangeInWords } from '../../analytics/revisions/list.ts'
import type { RevisionLine } from '../../analytics/revisions/list.ts'
import type { DropPlan } from '../../pipeline/revisions/contract.ts'
import type { RunRecord } from '../../schemas/records.ts'

const NOW = 1_800_000_000_000
const line = (over: Partial<RevisionLine> = {}): RevisionLine => ({
  ...{ run: 'my-run', revision: 'strict', of: 'main', from: 'sampled', range: 'from the beginning, 12 offsets' },
  ...{ selection: null, keep: [], into: null, state: 'finished', startedAt: NOW - 60_000, finishedAt: NOW - 5000 },
  ...{ in: 12, sft: 5, preferences: 4, rejections: 7, configHash: 'abcdef0123456789' },
  ...over,
})

describe('revisions list', () => {
  it('has a line for each, and its range below', () => {
    const text = describeLines([line({ revision: 'main', of: null, from: null, range: '' }), line()], NOW)
    assert.match(text, /my-run +main +its own problems +finished/)
    assert.match(text, /my-run +strict +sampled of main +finished +1 min 0 s ago +5 s ago +12 +5 +4 +7 +abcdef012345\n/)
    assert.match(text, /\nmy-run strict: from the beginning, 12 offsets$/)
  })
  it('says what a replay takes, keeps and adds to, and how a broken drop is ended', () => {
    const selection = { sql: "difficulty = 'hard'", problems: 3 }
    const text = describeLines(
      [line({ selection, keep: ['rewards'], into: 'main', state: 'dropping', sft: null })],
      NOW,
    )
    assert.match(
      text,
      /3 problems by difficulty = 'hard'; keeps rewards; adds to the rows of main; a drop was broken off/,
    )
    assert.match(text, / +- +4 +7 /)
  })
  it('lets no name of others reach the terminal as it is', () => {
    assert.doesNotMatch(describeLines([line({ selection: { sql: '\u001b[2J', problems: 1 } })], NOW), /\u001b/)
  })
  it('says ranges in words', () => {
    assert.equal(rangeInWords(null), '')
    assert.equal(rangeInWords({ begin: { 0: 0, 1: 0 }, end: { 0: 5, 1: 2 } }), 'from the beginning, 7 offsets')
    assert.equal(rangeInWords({ begin: { 0: 3, 1: 1 }, end: { 0: 5, 1: 2 } }), 'after the first 4, 3 offsets')
    assert.equal(rangeInWords({ begin: {}, end: null }), 'from the beginning, following')
  })
})

describe('the plan of a drop', () => {
  const plan = (over: Partial<DropPlan> = {}): DropPlan => ({
    ...{ runId: 'my-run', revision: 'strict', topics: ['sft.strict'], kept: [], keptFor: [], groups: ['g'] },
    ...{ entries: [], letters: 0, rows: [{ table: 'sft', rows: 5 }], rowsLeftIn: null, isClean: true },
    ...{ files: { folder: '/out', own: [], foreign: [] }, filesNotIn: null },
    ...over,
  })
  const record = { state: 'finished' } as RunRecord
  it('names what goes', () => {
    const text = describePlan({ plan: plan(), record }).join('\n')
    assert.match(text, /topics: sft\.strict\n/)
    assert.match(text, /rows: sft 5\n/)
    assert.match(text, /files: none$/)
    assert.doesNotMatch(text, /stay/)
  })
  it('says at its end what has stayed behind', () => {
    assert.deepEqual(describeLeft(plan()), [])
    const [files, rows, ...more] = describeLeft(plan({ filesNotIn: '/here/data', rowsLeftIn: '{}' }))
    assert.match(files!, /JSON files stay where they are, in the folder strict of .* take them away by hand/)
    assert.match(rows!, /rows stay in ClickHouse: .*revisions drop strict --run my-run/)
    assert.deepEqual(more, [])
  })
  it('names what stays, and why', () => {
    const files = { folder: '/out', own: ['/out/a'], foreign: ['/out/notes.txt'] }
    const text = describePlan({
      plan: plan({ topics: [], kept: ['sft.strict'], keptFor: ['other'], letters: 2, rows: null, files }),
      record,
    }).join('\n')
    assert.match(text, /topics that stay, since other has a revision of this name too: sft\.strict/)
    assert.match(text, /rows: left alone\n/)
    const left = describePlan({ plan: plan({ rows: null, rowsLeftIn: '{"sinks":{}}' }), record }).join('\n')
    assert.match(left, /rows: left alone; they stay to be seen, and the name stays taken/)
    assert.match(text, /files that stay, since no run wrote them: \/out\/notes\.txt/)
    const elsewhere = describePlan({ plan: plan({ files: null, filesNotIn: '/here/data' }), record }).join('\n')
    assert.match(elsewhere, /files: the files of run my-run are not in \/here\/data, .* stay: run this where it was/)
    assert.match(describePlan({ plan: plan({ files: null }), record }).join('\n'), /files: left alone$/)
    assert.match(text, /dead letters that stay on their topic, and are not shown any more: 2/)
  })
})

// The checker against real cases: Math-Verify's own test cases and the recorded answers of a real model with their authors'
// verdicts. Both are read from ../shared/data and skipped where that folder is missing.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { compareAnswers } from '../../math/compare.ts'
import { extractFinalAnswer } from '../../math/extract.ts'
import { recordedChoices, type RecordedProblem } from '../support/recorded-choices.ts'

const data = join(import.meta.dirname, '../../../shared/data')

function missing(file: string): string | false {
  return existsSync(join(data, file)) ? false : `${join('../shared/data', file)} is not here`
}

interface Case {
  readonly gold: string
  readonly pred: string
  readonly expected: 0 | 1
}
interface Recorded {
  readonly answer: string
  readonly samples: readonly { readonly text: string; readonly correct: boolean }[]
}

describe('Math-Verify cases', { skip: missing('math_equivalence_cases.json') }, () => {
  it('judges 133 of 134 as expected; the one that it does not is (9) with line breaks inside \\( \\)', (context) => {
    const { cases } = JSON.parse(readFileSync(join(data, 'math_equivalence_cases.json'), 'utf8')) as { cases: Case[] }
    const wrong = cases.filter(
      ({ gold, pred, expected }) => (compareAnswers(gold, pred).verdict === 'equal') !== (expected === 1),
    )
    for (const { gold, pred, expected } of wrong) {
      context.diagnostic(`expected ${expected}: ${gold.slice(-80)} | ${JSON.stringify(pred.slice(-80))}`)
    }
    assert.equal(cases.length - wrong.length, 133)
    // A line break inside \( \) changes nothing: the expectation is a setting of Math-Verify, which differs here too.
    assert.deepEqual(
      wrong.map(({ pred, expected }) => [pred, expected]),
      [['Answer \\( \n 9 \n \\)', 0]],
    )
  })

  it('leaves none undecided', () => {
    const { cases } = JSON.parse(readFileSync(join(data, 'math_equivalence_cases.json'), 'utf8')) as { cases: Case[] }
    assert.deepEqual(
      cases.filter(({ gold, pred }) => compareAnswers(gold, pred).verdict === 'unknown'),
      [],
    )
  })
})

describe('recorded answers', { skip: missing('recorded_qwen_math.jsonl') }, () => {
  it('agrees with 399 of 400 flags; the other flag is itself wrong (10000 is 10{,}000)', (context) => {
    const lines = readFileSync(join(data, 'recorded_qwen_math.jsonl'), 'utf8').trim().split('\n')
    const wrong: string[] = []
    let judged = 0
    for (const { answer, samples } of lines.map((line) => JSON.parse(line) as Recorded)) {
      for (const { text, correct } of samples) {
        judged += 1
        const found = extractFinalAnswer(text)
        const equal = found !== null && compareAnswers(answer, found).verdict === 'equal'
        if (equal !== correct) wrong.push(`${answer} | ${found ?? 'nothing'} | flag ${correct}`)
      }
    }
    for (const line of wrong) context.diagnostic(line)
    assert.equal(judged, 400)
    assert.deepEqual(wrong, ['10{,}000 | 10000 | flag false'])
  })

  it('a vote by meaning and the highest reward choose right answers as often as the recording says, or more', async (t) => {
    const lines = readFileSync(join(data, 'recorded_qwen_math.jsonl'), 'utf8').trim().split('\n')
    const { problems, vote, reward } = await recordedChoices(lines.map((line) => JSON.parse(line) as RecordedProblem))
    t.diagnostic(`vote: ${vote.ours} of ${problems} right, the recording's own majority: ${vote.own}`)
    t.diagnostic(
      `best of 8 by reward: ${reward.ours} of ${problems} right, by the recording's own flags: ${reward.own}`,
    )
    assert.ok(problems === 50 && vote.ours >= vote.own && reward.ours >= reward.own)
  })
})

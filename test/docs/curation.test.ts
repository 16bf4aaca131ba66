// The page on curation says what the code does: its snippets are configs, its table of rules is the code's, and its
// example is run.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { answerRules, curateConfig, pairRules } from '../../processors/curate.ts'
import type { Candidate } from '../../processors/curation/candidates.ts'
import type { Choice } from '../../processors/curation/choice.ts'
import { chooseAnswer } from '../../processors/curation/choose-answer.ts'
import { choosePairs } from '../../processors/curation/choose-pairs.ts'
import { RULES, rulesConfig } from '../../processors/curation/rules.ts'
import type { VerdictName } from '../../schemas/records.ts'
import { candidate, verification } from '../processors/curation/candidates.ts'
import { assertStagesAreRight, snippetsOf } from '../support/doc-snippets.ts'
import { recording } from '../support/problems.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/curation.md'), 'utf8')

/** Cells of the table under this heading line. */
function table(heading: string): string[][] {
  const lines = page.slice(page.indexOf(heading)).split('\n').slice(2)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

describe('docs/curation.md', () => {
  it('has snippets that are configs without faults in their stages', () => {
    const snippets = snippetsOf(page)
    assert.equal(snippets.length, 3)
    snippets.forEach(assertStagesAreRight)
  })

  it('names each rule with its reason and default, in the order in which they are asked', () => {
    const rules = Object.entries(RULES).map(([name, { reason, initially }]) => [
      name,
      reason,
      JSON.stringify(initially).replaceAll('"', ''),
    ])
    assert.deepEqual(
      table('| rule | reason |').map((cells) => cells.slice(0, 3)),
      rules,
    )
  })

  it('tells what its example gives', () => {
    const candidates = table('| response | verdict |').map(([name, verdict, vote, reward, steps, characters], at) =>
      candidate(at - 1, {
        kind: name === 'answer' ? 'answer' : 'sample',
        verdict: verdict as VerdictName,
        ...{ voteShare: Number(vote), reward: Number(reward), steps: steps!.split(' ').map(Number) },
        solution: counting(at, Number(characters)),
      }),
    )
    const nameOf = ({ response }: Candidate): string => response.id.slice(2)
    const shown = <Chosen>(choice: Choice<Chosen>, name: (chosen: Chosen) => string): string =>
      'refusal' in choice ? choice.refusal.reason : name(choice.chosen)
    const examples = table('| stages.curate | SFT |')
    assert.ok(examples.length >= 9)
    for (const [settings, sft, pairs] of examples) {
      const config = curateConfig.parse({ reward: 'rm', ...(parse(settings!) as object) })
      const answer = chooseAnswer(candidates, verification(), answerRules(config))
      const chosen = choosePairs(candidates, verification(), pairRules(config))
      assert.equal(shown(answer, nameOf), sft, settings)
      assert.equal(
        shown(chosen, (each) => each.map((pair) => `${nameOf(pair.chosen)} > ${nameOf(pair.rejected)}`).join(', ')),
        pairs,
        settings,
      )
    }
  })

  const { lines, skip } = recording()
  it('says of the recorded right answers what its default rules do', { skip }, () => {
    const right = lines.flatMap(({ samples }) => samples.filter(({ correct }) => correct))
    const stated = /take none of the (\d+) right answers/.exec(page)?.[1]
    assert.equal(right.length, Number(stated))
    const sample = candidates(right.map(({ text }) => text))
    const choice = choosePairs(sample, verification(), pairRules(curateConfig.parse({ rules: rulesConfig.parse({}) })))
    assert.deepEqual(
      choice.dropped,
      { 'no-wrong-answer': right.length },
      'all are left for a pair that there is none of',
    )
  })
})

/** A text of so many characters that is its own and repeats nothing. */
function counting(from: number, characters: number): string {
  const numbers = Array.from({ length: characters }, (_, index) => 1000 * from + index)
  return numbers.join(' ').slice(0, characters)
}

function candidates(texts: readonly string[]): Candidate[] {
  return texts.map((solution, index) => candidate(index, { solution }))
}

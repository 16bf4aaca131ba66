// The recorded answers of a real model through the stages, with the real checker of mathematics: what is decided
// is held against what the recording's authors found.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createMathPool } from '../../math/pool.ts'
import { createAnswer } from '../../processors/answer.ts'
import { createCurate, curateConfig, type Curated } from '../../processors/curate.ts'
import { createReward, rewardConfig } from '../../processors/reward.ts'
import { createSample } from '../../processors/sample.ts'
import { createScreen, screenConfig } from '../../processors/screen.ts'
import { createScreenIndex } from '../../processors/screening/screen-index.ts'
import { createVerify, verifyConfig } from '../../processors/verify.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Verified } from '../../schemas/records.ts'
import type { Outcome } from '../../stream/outcome.ts'
import { createFakeLlm } from '../support/fake-llm.ts'
import { context, problem, recording, type Recorded } from '../support/problems.ts'

const { lines, skip } = recording()
/** Screening cleans blanks, so texts are found without them. */
const bare = (text: string): string => text.replace(/\s/g, '')
const byProblem = new Map(lines.map((line) => [bare(line.problem), line]))
const byText = new Map(lines.flatMap((line) => line.samples.map((sample) => [sample.text.trim(), sample] as const)))

const llm = createFakeLlm(
  ({ input, seed }) => {
    assert.ok('messages' in input)
    return [byProblem.get(bare(input.messages[0]!.content))!.samples[seed % 8]!.text]
  },
  (messages) => ({ value: byText.get(messages.at(-1)!.content)!.reward }),
)
const math = skip === false ? createMathPool({ workers: 1, timeoutMs: 5000, log: silentLogger }) : null
after(() => math?.close())

function emitted<Out>(outcome: Outcome<Out>): Out {
  assert.ok('emit' in outcome, JSON.stringify(outcome))
  return outcome.emit
}

interface Result {
  readonly line: Recorded
  readonly verified: Verified
  readonly curated: Outcome<Curated>
}

async function throughTheStages(withReference: boolean): Promise<Result[]> {
  const now = (): number => 1
  const role = { prompt: '{problem}' }
  const rewards = rewardConfig.parse({
    rewards: [
      { kind: 'agreement' },
      { kind: 'token-rm', name: 'rm', model: 'an-rm', endpoints: [{ url: 'http://127.0.0.1:9' }] },
    ],
  })
  const config = screenConfig.parse({})
  const screen = createScreen({ config, index: createScreenIndex(config.duplicates), now })
  const answer = createAnswer({ llm, role, now })
  const sample = createSample({ llm, config: { n: 8, choices: 8 }, role, now })
  const verify = createVerify({ math: math!, config: verifyConfig.parse({ voters: 'samples' }), now })
  const reward = createReward({ llm, config: rewards, now })
  const curate = createCurate({ config: curateConfig.parse({ reward: 'rm' }), now })
  const results: Result[] = []
  for (const [slot, line] of lines.entries()) {
    const record = problem(line.problem, { slot, referenceAnswer: withReference ? line.answer : null })
    const answered = emitted(await answer(emitted(await screen(record, context())), context()))
    const verified = emitted(await verify(emitted(await sample(answered, context())), context()))
    const curated = await curate(emitted(await reward(verified, context())), context())
    results.push({ line, verified, curated })
  }
  return results
}

describe('the recording', { skip }, () => {
  it('with reference answers: verdicts agree with the flags of its authors, and nothing wrong is called equal', async (t) => {
    const results = await throughTheStages(true)
    let agree = 0
    const wronglyEqual: string[] = []
    for (const { line, verified } of results) {
      const samples = verified.verification.verdicts.filter(({ responseId }) => responseId.includes('/sample/'))
      assert.equal(samples.length, 8)
      for (const [at, { verdict, finalAnswer, reason }] of samples.entries()) {
        const { correct } = line.samples[at]!
        if ((verdict === 'equal') === correct) agree += 1
        else
          t.diagnostic(
            `${verdict} (${reason ?? ''}), flag ${correct}: ${line.answer} / ${finalAnswer ?? 'none'}: ${line.problem.slice(0, 60)}`,
          )
        if (verdict === 'equal' && !correct) wronglyEqual.push(`${line.problem} ${at}`)
      }
    }
    t.diagnostic(`${agree} of 400 agree`)
    assert.ok(agree >= 394, `${agree} of 400`)
    // Its authors' flag is wrong there: 10000 is 10{,}000 (see ../shared/data/README.md).
    assert.deepEqual(wronglyEqual, ['Compute $49{,}994\\div 7 + 20{,}006\\div 7$. 7'])
  })

  it('every row is right by the flags, its pair is right against wrong, and every refusal has a reason', async (t) => {
    const results = await throughTheStages(true)
    const reasons: Record<string, number> = {}
    let rows = 0
    let pairs = 0
    for (const { line, curated } of results) {
      const flag = (text: string): boolean =>
        line.samples.find((each) => each.text.trim() === text)!.correct || text.includes('10000')
      if ('reject' in curated) {
        assert.ok(
          line.samples.every(({ correct }) => !correct),
          line.problem,
        )
        reasons[curated.reject.reason] = (reasons[curated.reject.reason] ?? 0) + 1
        continue
      }
      const { sft, preferences } = curated.emit
      if (sft !== null) {
        rows += 1
        assert.ok(flag(sft.response), line.problem)
        assert.equal(sft.referenceAnswer, line.answer)
      }
      for (const preference of preferences) {
        pairs += 1
        assert.ok(flag(preference.chosen) && !flag(preference.rejected), line.problem)
        assert.ok(preference.margin > 0)
      }
    }
    t.diagnostic(`${rows} SFT rows, ${pairs} pairs, refused: ${JSON.stringify(reasons)}`)
    assert.ok(rows >= 40 && pairs >= 5)
  })

  it('without reference answers: the vote decides, and is right as often as the majority of the recording', async (t) => {
    const results = await throughTheStages(false)
    const decided = results.filter(({ verified }) => verified.verification.against === 'vote')
    const right = decided.filter(({ line, verified }) => {
      const first = verified.verification.verdicts.findIndex(
        ({ verdict, responseId }) => verdict === 'equal' && responseId.includes('/sample/'),
      )
      return line.samples[first - 1]!.correct
    })
    t.diagnostic(`the vote decided ${decided.length} of ${results.length} problems, ${right.length} of them rightly`)
    assert.ok(decided.length >= 45)
    assert.ok(right.length / decided.length >= 0.85)
  })
})

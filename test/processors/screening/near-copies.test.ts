import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { screenConfig } from '../../../processors/screen.ts'
import { createScreenIndex, type IndexRules, type ScreenIndex } from '../../../processors/screening/screen-index.ts'
import { problemId } from '../../../schemas/ids.ts'
import { TEMPLATES } from '../../support/invented-problems.ts'
import { drawsOf, NEAR_COPIES } from '../../support/near-copies.ts'
import { sharedProblems } from '../../support/problems.ts'

const RULES = screenConfig.parse({}).duplicates
const FILES = ['benchmarks/gsm8k_test.jsonl', 'benchmarks/amc23.jsonl', 'benchmarks/aime24.jsonl']
const read = FILES.map((file) => sharedProblems(file))
const skip = read.find((each) => each.skip !== false)?.skip ?? false
const texts = read.flatMap(({ lines }) => lines.map((line) => line.problem))

function filled(rules: IndexRules = RULES): ScreenIndex {
  const index = createScreenIndex(rules)
  for (const [at, text] of texts.entries()) index.admit(problemId('real', at, 0), text)
  return index
}

describe('near copies of real problems', { skip }, () => {
  for (const [how, copy] of Object.entries(NEAR_COPIES)) {
    it(`are found, 95 % and more, by the problem that they copy: ${how}`, () => {
      const index = filled()
      let [made, found] = [0, 0]
      for (const [at, text] of texts.entries()) {
        const changed = copy(text, drawsOf(at + 1))
        if (changed === text) continue
        made += 1
        if (index.admit(problemId('copy', at, 0), changed)?.id === problemId('real', at, 0)) found += 1
      }
      assert.ok(made > 30, `${made} copies`)
      assert.ok(found / made >= 0.95, `${found} of ${made}`)
    })
  }

  it('are found where two changes meet', () => {
    const index = filled()
    let found = 0
    for (const [at, text] of texts.entries()) {
      const draw = drawsOf(at)
      const moved = NEAR_COPIES['sentences in another order']!(text, draw)
      const changed = NEAR_COPIES['one word in fifteen left out']!(moved, draw)
      if (index.admit(problemId('copy', at, 0), changed) !== null) found += 1
    }
    assert.ok(found / texts.length >= 0.95, `${found} of ${texts.length}`)
  })
})

describe('distinct problems', () => {
  it('of GSM8K, AMC and AIME are never duplicates of one another', { skip }, () => {
    assert.equal(filled().size, texts.length)
  })

  for (const [at, template] of TEMPLATES.entries()) {
    const made = [
      ...new Set(
        Array.from(
          { length: 400 },
          (
            (draw) => () =>
              template(draw)
          )(drawsOf(at)),
        ),
      ),
    ]
    it(`of one template with other numbers are kept, and are caught where numbers do not matter: ${made[0]}`, () => {
      const [exactly, loosely] = [true, false].map((numbersMatter) => createScreenIndex({ ...RULES, numbersMatter }))
      for (const [slot, text] of made.entries()) {
        assert.equal(exactly!.admit(problemId('variant', slot, at), text), null, text)
        const loose = loosely!.admit(problemId('variant', slot, at), text)
        assert.equal(loose === null, slot === 0, text)
      }
    })
  }
})

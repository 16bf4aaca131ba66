import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createScreenIndex, type ScreenIndex } from '../../../processors/screening/screen-index.ts'
import { problemId } from '../../../schemas/ids.ts'
import { problem, screened, sharedProblems } from '../../support/problems.ts'

const RULES = { similarity: 0.75, numbersMatter: true }
const id = (number: number): string => problemId('r', number, 0)
const FIRST =
  'A baker sells 12 loaves of bread in the morning and 7 loaves in the afternoon. How many loaves does the baker sell in one day?'

function withFirst(rules = RULES): ScreenIndex {
  const index = createScreenIndex(rules)
  assert.equal(index.admit(id(0), FIRST), null)
  return index
}

describe('the screen index', () => {
  it('finds the same text in another dress', () => {
    assert.deepEqual(withFirst().admit(id(1), FIRST.toUpperCase().replaceAll(' ', '  ')), {
      kind: 'exact',
      id: id(0),
      likeness: 1,
    })
  })

  for (const [how, text] of [
    ['a word exchanged', FIRST.replace('sells', 'bakes')],
    ['a word left out', FIRST.replace(' of bread', '')],
    [
      'sentences in another order',
      'How many loaves does the baker sell in one day? A baker sells 12 loaves of bread in the morning and 7 loaves in the afternoon.',
    ],
    ['a polite word more', `Please tell me: ${FIRST}`],
  ] as const) {
    it(`finds a near duplicate: ${how}`, () => {
      const found = withFirst().admit(id(1), text)
      assert.equal(found?.kind, 'near')
      assert.equal(found.id, id(0))
    })
  }

  for (const [how, text] of [
    ['a number changed', FIRST.replace('12', '13')],
    ['two numbers exchanged for others', FIRST.replace('12', '21').replace('7', '9')],
    ['a number word changed', FIRST.replace('12', 'eleven')],
    ['another question', FIRST.replace('How many loaves', 'How many more loaves')],
  ] as const) {
    it(`keeps another problem: ${how}`, () => {
      assert.equal(withFirst().admit(id(1), text), null)
    })
  }

  it('takes changed numbers for a duplicate where the config says so', () => {
    const found = withFirst({ ...RULES, numbersMatter: false }).admit(id(1), FIRST.replace('12', '13'))
    assert.equal(found?.kind, 'near')
  })

  it('takes a redelivered id again, and does not hold it twice', () => {
    const index = withFirst()
    assert.equal(index.admit(id(0), FIRST), null)
    assert.equal(index.size, 1)
  })

  it('says the same after a rebuild in any order', async () => {
    const texts = Array.from(
      { length: 60 },
      (_, at) => `${FIRST.replace('12', String(20 + (at % 30)))} ${at % 2 === 0 ? '' : 'Give a number.'}`,
    )
    const grown = createScreenIndex(RULES)
    const accepted = texts.flatMap((text, at) => (grown.admit(id(at), text) === null ? [{ at, text }] : []))
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(accepted, { minLength: accepted.length }), async (shuffled) => {
        const rebuilt = createScreenIndex(RULES)
        const records = shuffled.map(({ at, text }) => screened(problem(text, { id: id(at), slot: at })))
        // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable over an array
        const stream = async function* () {
          yield* records
        }
        assert.equal(await rebuilt.rebuild(stream(), null), accepted.length)
        for (const [at, text] of texts.entries()) {
          const name = id(1000 + at)
          assert.deepEqual(rebuilt.admit(name, text), grown.admit(name, text))
        }
      }),
      { numRuns: 10 },
    )
  })

  it('takes in one run alone when it is told to', async () => {
    const index = createScreenIndex(RULES)
    // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable over an array
    const stream = async function* () {
      yield screened(problem(FIRST, { id: id(0), runId: 'other' }))
      yield screened(problem('What is 1 + 1 in words?', { id: id(1), runId: 'this' }))
    }
    assert.equal(await index.rebuild(stream(), 'this'), 1)
    assert.equal(index.admit(id(2), FIRST), null)
  })

  it('keeps every problem of GSM8K, AMC and AIME apart, and finds each of them again', (t) => {
    const index = createScreenIndex(RULES)
    const texts: string[] = []
    for (const file of [
      'benchmarks/gsm8k_test.jsonl',
      'benchmarks/amc23.jsonl',
      'benchmarks/aime24.jsonl',
      'recorded_qwen_math.jsonl',
    ]) {
      const { lines, skip } = sharedProblems(file)
      if (skip !== false) {
        t.skip(skip)
        return
      }
      texts.push(...lines.map((line) => line.problem))
    }
    for (const [at, text] of texts.entries()) assert.equal(index.admit(id(at), text), null, text)
    for (const [at, text] of texts.entries()) assert.equal(index.admit(id(10_000 + at), `${text}\n`)?.id, id(at))
    t.diagnostic(
      `${index.size} problems, ${(index.bytes / index.size).toFixed(0)} bytes each in arrays that are ${index.size}/2048 full`,
    )
  })
})

// Duplicates by embeddings with the vectors of a real model (all-MiniLM-L6-v2 behind vLLM), and its faults.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { embedderConfig } from '../../../llm/config.ts'
import type { Embedding } from '../../../llm/contract.ts'
import { decodeFloats } from '../../../llm/reply-scores.ts'
import { createScreen, createScreenAhead, screenConfig } from '../../../processors/screen.ts'
import { createEmbeddingDuplicates } from '../../../processors/screening/embedding-duplicates.ts'
import { embedderOf } from '../../../processors/screening/embedding-settings.ts'
import { essenceOf } from '../../../processors/screening/essence.ts'
import { createScreenIndex } from '../../../processors/screening/screen-index.ts'
import { Failure } from '../../../schemas/failure.ts'
import { type Logger, silentLogger } from '../../../schemas/logger.ts'
import type { Screened } from '../../../schemas/records.ts'
import { createFakeLlm } from '../../support/fake-llm.ts'
import { context, problem } from '../../support/problems.ts'
import { recordedEmbedding } from '../../support/recorded-embeddings.ts'

const recording = recordedEmbedding('minilm_pairs')
const TEXTS = recording.request.body?.['input'] as string[]
const { data } = recording.body as { data: { embedding: string }[] }
const vectors = new Map(TEXTS.map((text, at) => [text, Float32Array.from(decodeFloats(data[at]!.embedding))]))

function setUp(settings: object = {}, said: (text: string) => Partial<Embedding> = () => ({}), log = silentLogger) {
  const config = screenConfig.parse({
    embeddings: { enabled: true, endpoints: [{ url: 'http://127.0.0.1:9' }], model: 'minilm', ...settings },
  })
  const llm = createFakeLlm(
    () => [],
    () => ({}),
    (text) => ({ vector: vectors.get(text) ?? null, ...said(text) }),
  )
  const embedder = embedderOf(config.embeddings)!
  const embeddings = createEmbeddingDuplicates({ llm, embedder, rules: config.embeddings, log })
  const parts = { config, index: createScreenIndex(config.duplicates), embeddings, now: () => 50 }
  const [screen, lookAhead] = [createScreen(parts), createScreenAhead(parts)]
  const run = async (text: string, slot: number) => {
    const record = problem(text, { slot })
    return screen(record, context(), await lookAhead(record, context()))
  }
  return { run, embeddings }
}

describe('duplicates by embeddings', () => {
  it('refuses what a real model finds alike in other words, and names it', async () => {
    const { run } = setUp()
    for (const [slot, text] of TEXTS.entries()) {
      const outcome = await run(text, slot)
      // Three pairs say the same; of two pairs one word or one sign makes another problem.
      if (slot % 2 === 0 || slot >= 6) {
        assert.ok('emit' in outcome, text)
        assert.equal(outcome.emit.screening.embedding?.vector?.length, 384)
        continue
      }
      assert.ok('reject' in outcome, text)
      assert.equal(outcome.reject.reason, 'embedding-duplicate')
      assert.match(outcome.reject.detail ?? '', /^likeness 0\.9\d$/)
      assert.equal(outcome.reject.collidedWith, problem(TEXTS[slot - 1]!, { slot: slot - 1 }).id)
    }
  })

  it('looks at the vectors alone where numbers do not matter', async () => {
    const { run } = setUp({ numbersMatter: false })
    const outcomes = []
    for (const [slot, text] of TEXTS.entries()) outcomes.push('emit' in (await run(text, slot)))
    assert.deepEqual(
      outcomes,
      Array.from({ length: 10 }, (_, slot) => slot % 2 === 0),
    )
  })

  it('compares with what the log holds of the same model, and says what it leaves out', async () => {
    const { run } = setUp()
    const first = await run(TEXTS[0]!, 0)
    assert.ok('emit' in first)
    const said: unknown[] = []
    const log: Logger = { ...silentLogger, warn: (fields) => void said.push(fields) }
    const again = setUp({}, () => ({}), log)
    const recall = (record: Screened): void => {
      again.embeddings.begin()
      again.embeddings.recall(record)
      again.embeddings.recalled()
    }
    recall(first.emit)
    assert.deepEqual(said, [])
    assert.ok('emit' in (await again.run(TEXTS[0]!, 0)), 'a redelivery')
    assert.ok('reject' in (await again.run(TEXTS[1]!, 1)))
    const { embedding } = first.emit.screening
    const other = { ...first.emit.screening, embedding: { ...embedding!, version: 'embedding@1:another' } }
    recall({ ...first.emit, screening: other })
    assert.deepEqual(said, [{ leftOut: 1, compared: 0, version: 'embedding@1:minilm' }])
    assert.ok('emit' in (await again.run(TEXTS[1]!, 1)))
  })

  it('records why a text has no vector, and stops loudly when none gets one', async () => {
    const long = setUp({}, () => ({ vector: null, error: 'context-too-long' }))
    for (let slot = 0; slot < 20; slot += 1) {
      const outcome = await long.run(`What is ${slot} times ${slot + 7}, and why is it so?`, slot)
      assert.ok('emit' in outcome)
      assert.deepEqual(
        [outcome.emit.screening.embedding?.vector, outcome.emit.screening.embedding?.error],
        [null, 'context-too-long'],
      )
    }
    const refused = setUp({}, () => ({ vector: null, error: 'refused', detail: '400: no' }))
    for (let slot = 0; slot < 7; slot += 1) await refused.run(`What is ${slot} plus ${slot + 7}?`, slot)
    await assert.rejects(
      refused.run('What is 100 plus 7?', 100),
      (error) => error instanceof Failure && error.code === 'embedder-unusable' && /400: no/.test(error.message),
    )
  })

  it('needs a model and a server that can give vectors', () => {
    const faults = (embeddings: object): string[] =>
      screenConfig.safeParse({ embeddings }).error!.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
    assert.equal(faults({ enabled: true }).filter((fault) => fault.includes('is missing')).length, 2)
    const local = faults({ enabled: true, model: 'm', endpoints: [{ url: 'local' }] })
    assert.match(local[0] ?? '', /^embeddings\.endpoints\.0\.url the small model of this machine gives no vectors/)
    assert.equal(embedderOf(screenConfig.parse({}).embeddings), undefined)
    assert.equal(embedderConfig.parse({ endpoints: [{ url: 'http://a' }], model: 'm' }).batch, 16)
  })
})

describe('essence', () => {
  const same = (left: string, right: string): boolean => essenceOf(left) === essenceOf(right)

  it('keeps apart what other numbers, signs or opposite words make another problem', () => {
    for (const [left, right] of [
      ['Add 3 and 5.', 'Add 3 and 6.'],
      ['Solve x^2 - 5x + 6 = 0.', 'Solve x^2 + 5x + 6 = 0.'],
      ['What is 3/4 of 12?', 'What is 4/3 of 12?'],
      ['Find the maximum of f.', 'Find the minimum of f.'],
      ['How many even numbers are there?', 'How many odd numbers are there?'],
    ] as const)
      assert.equal(same(left, right), false, left)
  })

  it('does not look at order or at words that say the same', () => {
    assert.ok(same('A farm has twelve cows and 7 goats.', 'There are 7 goats and 12 cows.'))
    assert.ok(same('What is the largest prime factor of 84?', 'Find the greatest prime number that divides 84.'))
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { createScreen, screenConfig } from '../../processors/screen.ts'
import { fingerprintProblems } from '../../processors/screening/contamination-fingerprint.ts'
import { createContamination } from '../../processors/screening/contamination.ts'
import { createScreenIndex } from '../../processors/screening/screen-index.ts'
import { problemId } from '../../schemas/ids.ts'
import type { Problem, Screened } from '../../schemas/records.ts'
import type { Outcome } from '../../stream/outcome.ts'
import { noRecordings, recorded } from '../support/recorded-vllm.ts'
import { context, generation, problem, sharedProblems } from '../support/problems.ts'

function stage(settings: object = {}): (record: Problem) => Promise<Outcome<Screened>> {
  const config = screenConfig.parse(settings)
  const screen = createScreen({ config, index: createScreenIndex(config.duplicates), now: () => 50 })
  return (record) => screen(record, context())
}

const TEXT = 'A shop has 12 red and 30 blue balls. How many balls does it have?'

describe('screen', () => {
  it('emits the cleaned text beside the problem as it came', async () => {
    const raw = problem(`Problem: ${TEXT}\n\n**Solution:** 42`, { slot: 3 })
    const outcome = await stage()(raw)
    assert.ok('emit' in outcome)
    assert.deepEqual(outcome.emit, {
      id: raw.id,
      runId: raw.runId,
      revision: 'main',
      createdAt: 50,
      problem: raw,
      screening: {
        version: 'screen@2',
        text: TEXT,
        changes: ['role-words', 'answer-leak'],
        language: 'en',
        embedding: null,
      },
    })
  })

  it('names what a duplicate collided with', async () => {
    const screen = stage()
    const first = problem(TEXT, { slot: 0 })
    await screen(first)
    assert.deepEqual(await screen(problem(`${TEXT}  `, { slot: 1 })), {
      reject: { reason: 'exact-duplicate', detail: 'the same text', collidedWith: first.id },
    })
    const near = await screen(problem(TEXT.replace('shop', 'store'), { slot: 2 }))
    assert.ok('reject' in near)
    assert.equal(near.reject.reason, 'near-duplicate')
    assert.match(near.reject.detail ?? '', /^likeness 0\.\d\d$/)
    assert.equal(near.reject.collidedWith, first.id)
  })

  it('accepts a redelivered problem again', async () => {
    const screen = stage()
    const first = problem(TEXT, { slot: 0 })
    assert.deepEqual(await screen(first), await screen(first))
  })

  it('does not remember what it refused', async () => {
    const screen = stage()
    const cut = problem(TEXT, { slot: 0, generation: generation({ finishReason: 'length' }) })
    assert.ok('reject' in (await screen(cut)))
    assert.ok('emit' in (await screen(problem(TEXT, { slot: 1 }))))
  })

  it('compares nothing where duplicates are allowed', async () => {
    const screen = stage({ duplicates: { enabled: false } })
    await screen(problem(TEXT, { slot: 0 }))
    assert.ok('emit' in (await screen(problem(TEXT, { slot: 1 }))))
  })

  it('refuses no real problem, and of 200 recorded ones just the 150 repeats', async (t) => {
    const { lines, skip } = sharedProblems('recorded_qwen_math.jsonl')
    if (skip !== false) {
      t.skip(skip)
      return
    }
    const screen = stage()
    const outcomes = []
    for (let slot = 0; slot < 200; slot += 1) outcomes.push(await screen(problem(lines[slot % 50]!.problem, { slot })))
    assert.ok(outcomes.slice(0, 50).every((outcome) => 'emit' in outcome))
    assert.ok(outcomes.slice(50).every((outcome) => 'reject' in outcome && outcome.reject.reason === 'exact-duplicate'))
    for (const file of ['benchmarks/gsm8k_test.jsonl', 'benchmarks/amc23.jsonl', 'benchmarks/aime24.jsonl']) {
      for (const [slot, line] of sharedProblems(file).lines.entries()) {
        const outcome = await screen(problem(line.problem, { id: problemId(file, slot, 0), slot }))
        assert.ok('emit' in outcome, `${JSON.stringify(outcome)} ${line.problem}`)
      }
    }
  })

  it('refuses whatever a small model wrote that is no problem', { skip: noRecordings }, async () => {
    const names = ['chat', 'completion', 'completion_n4', 'completion_stop', 'completion_stop_inside', 'greedy_0']
    const replies = z.object({
      choices: z.array(
        z.object({ text: z.string().optional(), message: z.object({ content: z.string() }).optional() }),
      ),
    })
    for (const name of names) {
      for (const { text, message } of replies.parse(recorded(`smol_${name}`).body).choices) {
        const outcome = await stage()(problem(text ?? message?.content ?? ''))
        assert.ok('reject' in outcome, text)
        assert.notEqual(outcome.reject.detail ?? '', '')
      }
    }
  })

  it('refuses a benchmark problem before it remembers it, and names the place in the benchmark', async () => {
    const entries = fingerprintProblems(['What is $1+1$?', TEXT])
    const config = screenConfig.parse({})
    const screen = createScreen({
      config,
      index: createScreenIndex(config.duplicates),
      contamination: createContamination([{ name: 'exam', source: '', entries }], config.contamination),
      now: () => 50,
    })
    const refused = {
      reject: { reason: 'contaminated', detail: 'holds 100 % of the benchmark problem exam/1', collidedWith: 'exam/1' },
    }
    assert.deepEqual(await screen(problem(TEXT, { slot: 0 }), context()), refused)
    assert.deepEqual(await screen(problem(`Question: ${TEXT}`, { slot: 1 }), context()), refused)
    const cut = await screen(problem(TEXT.replace('How', '\n\nSolution: how'), { slot: 2 }), context())
    assert.ok('reject' in cut && cut.reject.reason === 'contaminated', 'what cleaning cuts off counts')
    assert.ok('emit' in (await screen(problem(TEXT.replace('12', '13'), { slot: 3 }), context())))
  })

  it('refuses a config that keeps nothing', () => {
    assert.throws(() => screenConfig.parse({ minCharacters: 10, maxCharacters: 5 }), /larger than maxCharacters/)
  })
})

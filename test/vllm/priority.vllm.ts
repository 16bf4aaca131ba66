// A real vLLM of one slot, with and without --scheduling-policy priority: who is next, and what becomes of a priority.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { readLoad } from '../../llm/load.ts'
import { callOf } from '../llm/engine-contract.ts'
import { noVllm } from './installed.ts'
import { served, type ServedEngine } from './served.ts'

const signal = new AbortController().signal
const LONG = { '<|im_end|>': -100, '<|endoftext|>': -100 }

/** Calls in the order of their answers: a long one is at work, three ask for a place behind, then three for none. */
async function order(engine: ServedEngine): Promise<string[]> {
  const { client, model } = engine
  const answered: string[] = []
  const ends = await Promise.all(
    Object.entries(LONG).map(async ([prompt, bias]) => {
      const { tokens } = await client.tokenize({ model, prompt, addSpecialTokens: false }, signal)
      return [tokens[0]!, bias] as const
    }),
  )
  const ask = async (name: string, priority: number, maxTokens: number): Promise<void> => {
    await client.at(priority).complete(callOf(engine, { maxTokens, logitBias: Object.fromEntries(ends) }), signal)
    answered.push(name)
  }
  const until = async (waiting: number): Promise<void> => {
    for (;;) {
      const load = readLoad((await client.metrics(signal)) ?? '')
      if (load?.running === 1 && load.waiting === waiting) return
      assert.deepEqual(answered, [], 'the long call ended too early')
      await wait(20)
    }
  }
  const calls = [ask('long', 0, 1900)]
  await until(0)
  calls.push(...[1, 2, 3].map(() => ask('behind', 10, 4)))
  await until(3)
  calls.push(...[1, 2, 3].map(() => ask('first', 0, 4)))
  await until(6)
  await Promise.all(calls)
  return answered
}

describe('priority: vLLM that schedules by it', { skip: noVllm }, () => {
  const engine = served('toy', ['--max-num-seqs', '1', '--scheduling-policy', 'priority'])

  test('takes the lowest first', async () => {
    assert.equal((await order(engine())).join(' '), 'long first first first behind behind behind')
  })
})

describe('priority: vLLM that does not', { skip: noVllm }, () => {
  const engine = served('toy', ['--max-num-seqs', '1'])

  test('passes over it in silence, as the simulator does', async () => {
    assert.equal((await order(engine())).join(' '), 'long behind behind behind first first first')
  })
})

describe('priority: vLLM with a reward model', { skip: noVllm }, () => {
  const engine = served('rm', ['--scheduling-policy', 'priority'])

  test('takes it on /pooling', async () => {
    const messages = [
      { role: 'user', content: '1 + 1?' },
      { role: 'assistant', content: '2' },
    ] as const
    const { client, model } = engine()
    assert.ok(await client.at(10).pool({ model, messages }, signal))
  })
})

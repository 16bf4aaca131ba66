// The checks on what a real vLLM said, and what it takes from a model's generation_config.json.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBos } from '../../../llm/check/bos.ts'
import { NEVER_SENT, TAKEN_BY_VLLM } from '../../../llm/check/defaults.ts'
import { checkReward } from '../../../llm/check/reward-shape.ts'
import { systemClock } from '../../../llm/clock.ts'
import { createEngineClient } from '../../../llm/engine-client.ts'
import { readClassified, readPooling } from '../../../llm/reply-scores.ts'
import { readTokens } from '../../../llm/reply-server.ts'
import { noRecordings, recorded, startServer } from '../../support/recorded-vllm.ts'

const skip = { skip: noRecordings }

test('the double BOS of a real server, and the single one that we get', skip, () => {
  const tokens = (name: string) => readTokens(recorded(name).body).tokens
  const counted = (name: string) => (recorded(name).body as { usage: { prompt_tokens: number } }).usage.prompt_tokens
  const bare = tokens('bos_tokenize_prompt_off')
  const marked = tokens('bos_tokenize_prompt_templated')
  const severities = (count: number | null) =>
    checkBos({ bare, marked, counted: count }).map(({ severity }) => severity)
  assert.deepEqual(severities(counted('bos_off')), ['note'])
  assert.deepEqual(severities(counted('bos_double')), ['error'])
  assert.deepEqual(checkBos({ bare: marked, marked: [marked[0]!, ...marked], counted: null })[0]?.severity, 'error')
  const plain = tokens('tokenize_messages')
  assert.deepEqual(checkBos({ bare: plain, marked: plain, counted: plain.length }), [])
})

test('the reward models of a real server', skip, () => {
  const token = readPooling(recorded('rm_pooling_messages').body)
  const process = readPooling(recorded('prm_pooling_messages').body)
  const logits = readPooling(recorded('prm_pooling_raw').body)
  const raw = readClassified(recorded('cls_classify_messages').body)
  const sigmoid = readClassified(recorded('cls_classify_messages_sigmoid').body)
  const one = readPooling(recorded('cls_pooling_messages').body)
  assert.deepEqual(checkReward({ kind: 'token-rm', replies: [token], doubted: false }), [])
  assert.deepEqual(checkReward({ kind: 'process-rm', replies: [process], doubted: false }), [])
  assert.deepEqual(checkReward({ kind: 'sequence-rm', replies: [raw], doubted: false }), [])
  assert.deepEqual(checkReward({ kind: 'sequence-rm', replies: [one], doubted: false }), [])
  assert.match(checkReward({ kind: 'sequence-rm', replies: [sigmoid], doubted: true })[0]?.seen ?? '', /sigmoids/)
  assert.match(
    checkReward({ kind: 'process-rm', replies: [logits], doubted: false })[0]?.seen ?? '',
    /no probabilities/,
  )
  assert.match(
    checkReward({ kind: 'token-rm', replies: [raw], doubted: false })[0]?.advice ?? '',
    /kind to sequence-rm/,
  )
  assert.match(
    checkReward({ kind: 'sequence-rm', replies: [process], doubted: false })[0]?.advice ?? '',
    /kind to process-rm/,
  )
})

test('what vLLM takes from generation_config.json goes with every call', async () => {
  const server = await startServer(() => ({ status: 503 }))
  const client = createEngineClient({ url: server.url, key: null, clock: systemClock })
  const sampling = { temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxTokens: 5 }
  const call = { model: 'm', n: 1, seed: 0, sampling, stop: [], stopTokenIds: [] }
  for (const input of [{ prompt: 'p' }, { messages: [{ role: 'user' as const, content: 'p' }] }])
    await assert.rejects(client.complete({ ...call, input }, new AbortController().signal))
  await client.close()
  await server.close()
  const taken = Object.keys(TAKEN_BY_VLLM).map((name) => (name === 'max_new_tokens' ? 'max_tokens' : name))
  assert.equal(server.requests.length, 2)
  for (const { body } of server.requests) {
    for (const name of taken) assert.ok(name in body, name)
    for (const name of NEVER_SENT) assert.ok(!(name in body), name)
  }
})

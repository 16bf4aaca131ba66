// Every kind of reward keeps the contract.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatMessage } from '../../../llm/contract.ts'
import type { OneReward } from '../../../processors/reward.ts'
import type { Answer, Request } from '../../support/recorded-vllm.ts'
import { rewardContract, type RewardUnderTest } from './contract.ts'

const OTHERS = [{ model: 'another/model' }, { system: 'Reason.' }, { system: 'Reason well.' }]
const SUMMARIES = [{ summary: 'mean' }, { summary: 'last' }, { summary: 'product' }]

const usage = { prompt_tokens: 3 }
const lastTurn = ({ body }: Request): string => (body['messages'] as ChatMessage[]).at(-1)?.content ?? ''
const marks = (request: Request): number => lastTurn(request).split('<extra_0>').length - 1
const values = (): Answer => ({ body: { data: [{ data: [[-1], [0.5], [2.5]] }], usage } })
const pairs = (request: Request): Answer => ({
  body: { data: [{ data: Array.from({ length: marks(request) }, () => [0.25, 0.75]) }], usage },
})
const classified = ({ path }: Request): Answer =>
  path === '/classify' ? { body: { data: [{ probs: [-7.5] }], usage } } : { status: 404, body: { detail: 'Not Found' } }
const judged = (): Answer => {
  const content = JSON.stringify({ explanation: 'Right.', score: 9 })
  return { body: { choices: [{ index: 0, message: { content }, finish_reason: 'stop' }], usage } }
}

const kinds: Readonly<Record<OneReward['kind'], RewardUnderTest>> = {
  agreement: { kind: 'agreement', incomparable: [] },
  'token-rm': { kind: 'token-rm', incomparable: OTHERS, answer: values },
  'process-rm': { kind: 'process-rm', incomparable: [...OTHERS, ...SUMMARIES], answer: pairs },
  'sequence-rm': { kind: 'sequence-rm', incomparable: OTHERS, answer: classified },
  'reward-model': { kind: 'reward-model', incomparable: [...OTHERS, ...SUMMARIES], answer: pairs },
  judge: {
    kind: 'judge',
    incomparable: [
      { model: 'another/model' },
      { rubric: 'Be kind.' },
      { lowest: 1 },
      { highest: 5 },
      { showReference: true },
      { sampling: { temperature: 0.5 } },
      { sampling: { maxTokens: 100 } },
    ],
    answer: judged,
  },
}

for (const kind of Object.values(kinds)) rewardContract(kind)

test('each kind is under its own name', () => {
  for (const [name, { kind }] of Object.entries(kinds)) assert.equal(kind, name)
})

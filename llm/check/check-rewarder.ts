// All checks of one reward model at one endpoint: asks for the scores of a right and a wrong solution.

import type { RewarderConfig } from '../config.ts'
import type { ChatMessage } from '../contract.ts'
import type { Activation, EngineClient, ScoreCall } from '../engine-client.ts'
import { EngineFailure } from '../engine-failure.ts'
import { createRawValues, type RawValues } from '../raw-values.ts'
import type { Pooled } from '../reply-scores.ts'
import { answered, type Unanswered } from './ask.ts'
import type { Place } from './check-role.ts'
import { checkRewardContext } from './context.ts'
import type { Remark } from './finding.ts'
import { checkReward, type RewardKind } from './reward-shape.ts'
import { checkServed } from './served.ts'

export interface RewarderSubject {
  readonly kind: 'rewarder'
  /** As `reward:NAME`. */
  readonly name: string
  readonly config: RewarderConfig
  readonly reward: RewardKind
  /** maxTokens of the roles whose answers it scores. */
  readonly longestAnswer: number
}

const PROBLEM = 'What is 17 + 25?'
const SOLUTIONS = [
  ['We add the tens and the ones: 10 + 20 = 30 and 7 + 5 = 12.', 'So 17 + 25 = \\boxed{42}.'],
  ['We add the tens and forget the ones: 10 + 20 = 30.', 'So 17 + 25 = \\boxed{30}.'],
]
/** After each step of a process reward model. */
const MARK = '<extra_0>'

/** Remarks on a reward model at an endpoint; [] when all is well. */
export async function checkRewarder(subject: RewarderSubject, { url, client, ask }: Place): Promise<Remark[]> {
  const { config, reward, longestAnswer } = subject
  const { model } = config
  const models = await ask((signal) => client.models(signal))
  const served = checkServed({ url, model, models })
  if (served.some(({ severity }) => severity === 'error')) return served
  const maxModelLen = (answered(models) ? models.find(({ id }) => id === model) : undefined)?.maxModelLen ?? null
  const rawValues = createRawValues()
  const replies: Pooled[] = []
  let doubted = false
  for (const steps of SOLUTIONS) {
    const content = reward === 'process-rm' ? steps.map((step) => `${step}${MARK}`).join('') : steps.join('\n\n')
    const call = { model, messages: conversation(content) }
    const reply = await ask(async (signal): Promise<RawValues> => {
      if (reward === 'process-rm')
        return { pooled: await scores(client, reward, { ...call, activation: ON }, signal), doubted: false }
      return rawValues(client, (activation) => scores(client, reward, { ...call, activation }, signal))
    })
    if (!answered(reply)) return [...served, refused(reply)]
    replies.push(reply.pooled)
    doubted = reply.doubted
  }
  const shape = checkReward({ kind: reward, replies, doubted })
  return [...served, ...checkRewardContext({ maxModelLen, longestAnswer }), ...shape]
}

const ON: Activation = { name: 'use_activation', on: true }

/** A sequence model is asked on /classify, the others on /pooling; where a server lacks that route, on the other one. */
async function scores(client: EngineClient, kind: RewardKind, call: ScoreCall, signal: AbortSignal): Promise<Pooled> {
  const pool = (): Promise<Pooled> => client.pool(call, signal)
  const classify = (): Promise<Pooled> => client.classify(call, signal)
  const [first, second] = kind === 'sequence-rm' ? [classify, pool] : [pool, classify]
  try {
    return await first()
  } catch (error) {
    if (error instanceof EngineFailure && error.code === 'route-not-found') return second()
    throw error
  }
}

function conversation(solution: string): ChatMessage[] {
  return [
    { role: 'user', content: PROBLEM },
    { role: 'assistant', content: solution },
  ]
}

function refused({ failed }: Unanswered): Remark {
  return {
    severity: 'error',
    check: 'reward',
    seen: `it gives no score: ${failed.message}`,
    advice: 'serve a reward model there (vLLM: --runner pooling), or correct the url',
  }
}

// All checks of one reward model at one endpoint: asks for the scores of a right and a wrong solution.

import type { RewarderConfig } from '../config.ts'
import type { ChatMessage } from '../contract.ts'
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
  const replies: Pooled[] = []
  for (const steps of SOLUTIONS) {
    const content = reward === 'process-rm' ? steps.map((step) => `${step}${MARK}`).join('') : steps.join('\n\n')
    const reply = await score(reward, { model, messages: conversation(content) })
    if (!answered(reply)) return [...served, refused(reply)]
    replies.push(reply)
  }
  return [...served, ...checkRewardContext({ maxModelLen, longestAnswer }), ...checkReward({ kind: reward, replies })]

  /** A sequence model is asked on /classify, raw; where the server has no such route, and for all others, on /pooling. */
  async function score(
    kind: RewardKind,
    call: { model: string; messages: ChatMessage[] },
  ): Promise<Pooled | Unanswered> {
    if (kind === 'sequence-rm') {
      const classified = await ask((signal) => client.classify(call, signal))
      if (answered(classified) || classified.failed.code !== 'route-not-found') return classified
    }
    const pooled = await ask((signal) => client.pool(call, signal))
    if (answered(pooled) || pooled.failed.code !== 'route-not-found') return pooled
    return ask((signal) => client.classify(call, signal))
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

// Reward judge: a model that reads the solution by a rubric and answers in JSON held to a schema: an explanation, then
// a score. Promises: one call, one more to repair an unreadable reply, then no value and the error `judge-unreadable`;
// what the judge said for its score is kept.

import { z } from 'zod'
import { roleConfig, samplingConfig } from '../../llm/config.ts'
import type { ChatMessage, Completion, Llm } from '../../llm/contract.ts'
import { splitReasoning } from '../../llm/reasoning.ts'
import { problemSeed } from '../../llm/seeds.ts'
import type { RewardScore } from '../../schemas/records.ts'
import { readJson } from '../read-json.ts'
import { DEFAULT_RUBRIC, type Judged, judgePrompt } from './judge-prompt.ts'
import { rewardVersion, shortHash } from './reward-models.ts'
import { rewardName } from './reward-name.ts'

export const judgeConfig = roleConfig
  .omit({ template: true, chatTemplate: true, system: true, prompt: true })
  .extend({
    name: rewardName.default('judge'),
    kind: z.literal('judge'),
    sampling: samplingConfig
      .extend({
        temperature: samplingConfig.shape.temperature.unwrap().default(0),
        maxTokens: samplingConfig.shape.maxTokens.unwrap().default(2048),
      })
      .prefault({}),
    rubric: z.string().trim().min(1).default(DEFAULT_RUBRIC).describe('What the judge goes by'),
    lowest: z.int().default(0).describe('Lowest score that it may give'),
    highest: z.int().default(10).describe('Highest score that it may give'),
    showReference: z
      .boolean()
      .default(false)
      .describe("Show the problem's reference answer to the judge, where there is one"),
  })
  .refine(({ lowest, highest }) => lowest < highest, { path: ['highest'], error: 'must be over lowest' })

export type JudgeConfig = z.infer<typeof judgeConfig>

/** Version as it stands in the record: a score is only comparable with scores of the same one. */
export function judgeVersion({ model, rubric, lowest, highest, showReference, sampling, stop }: JudgeConfig): string {
  const way = JSON.stringify([rubric, lowest, highest, showReference, sampling, stop])
  return rewardVersion('judge@1', model, `rubric-${shortHash(way)}`)
}

/** What a judgement adds to a score. */
export type Judgement = Pick<
  RewardScore,
  'value' | 'error' | 'detail' | 'model' | 'endpoint' | 'tokens' | 'milliseconds' | 'attempts' | 'usd'
>

/**
 * Has one response judged. Tokens, milliseconds, attempts and money are those of all its calls.
 *
 * Throws what Llm.complete throws.
 */
export async function judge(
  llm: Llm,
  config: JudgeConfig,
  judged: Judged,
  call: { readonly responseId: string; readonly signal: AbortSignal; readonly rank: number },
): Promise<Judgement> {
  const { lowest, highest } = config
  const shape = z.strictObject({ explanation: z.string().max(8000), score: z.int().min(lowest).max(highest) })
  const jsonSchema = { name: 'judgement', schema: z.toJSONSchema(shape) as Record<string, unknown> }
  const said: Completion[] = []
  const ask = async (messages: readonly ChatMessage[]): Promise<string> => {
    const seed = problemSeed('judge', call.responseId, said.length)
    const [completion] = await llm.complete(
      { input: { messages }, seed, jsonSchema },
      { role: `reward:${config.name}`, signal: call.signal, rank: call.rank },
    )
    if (completion === undefined) throw new Error('the model client returned no completion for a request of one')
    said.push(completion)
    const { text, reasoning, generation } = completion
    return splitReasoning({ text, reasoning, finishReason: generation.finishReason }).solution
  }

  const question = judgePrompt(config.rubric, config, judged)
  const first = await ask(question)
  let read = readJson(first, shape)
  if ('fault' in read) {
    const complaint = `That could not be read: ${read.fault} Return the JSON object again, corrected and alone.`
    // A reply without words cannot be a turn: many templates refuse it.
    const turn = first === '' ? '(no answer)' : first
    const again = await ask([...question, { role: 'assistant', content: turn }, { role: 'user', content: complaint }])
    read = readJson(again, shape)
  }
  const cost = costOf(said)
  return 'fault' in read
    ? { ...cost, value: null, error: 'judge-unreadable', detail: read.fault }
    : { ...cost, value: read.value.score, error: null, detail: read.value.explanation }
}

function costOf(said: readonly Completion[]): Omit<Judgement, 'value' | 'error' | 'detail'> {
  const calls = said.map(({ generation }) => generation)
  const sum = (of: (call: Completion['generation']) => number): number =>
    calls.reduce((total, each) => total + of(each), 0)
  const last = calls.at(-1)
  return {
    model: last?.model ?? null,
    endpoint: last?.endpoint ?? null,
    tokens: sum(({ promptTokens, completionTokens }) => promptTokens + completionTokens),
    milliseconds: sum(({ milliseconds }) => milliseconds),
    attempts: sum(({ attempts }) => attempts),
    usd: calls.some(({ usd }) => usd === null) ? null : sum(({ usd }) => usd ?? 0),
  }
}

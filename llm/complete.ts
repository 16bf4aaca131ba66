// One request of a role to its completions. Promises: the role's sampling whole, the template's stops with raw
// prompts, provenance in every completion.

import { createHash } from 'node:crypto'
import type { Generation } from '../schemas/records.ts'
import type { Answered, Job } from './attempts.ts'
import type { SpeakerConfig } from './config.ts'
import type { Completion, CompletionRequest, Sampling } from './contract.ts'
import type { Choices } from './replies.ts'
import { roleTemplate } from './role-template.ts'

/** What goes with a role's raw prompts. */
export interface RoleTemplate {
  readonly name: string
  readonly stop: readonly string[]
  readonly stopTokenIds: readonly number[]
}

/** Runs a job of the role's lane to its end, as Attempts does, and counts it. */
export type AskRole = <T extends Choices>(n: number, call: Job<T>['call']) => Promise<Answered<T>>

/** At most so many stop strings are taken by vLLM; the template's token ids stop at the same places. */
const STOP_STRINGS = 4

/** The role's template; null where none is known. Throws UsageFault for a name or a file that is no good. */
export function templateOf(config: SpeakerConfig): RoleTemplate | null {
  const template = roleTemplate(config)
  return template && { name: template.name, stop: template.stop, stopTokenIds: template.stopTokenIds }
}

/** Completes the request; see Llm.complete. */
export async function completeRequest(
  role: { readonly name: string; readonly config: SpeakerConfig; readonly template: RoleTemplate | null },
  request: CompletionRequest,
  ask: AskRole,
): Promise<Completion[]> {
  const { config } = role
  const n = request.n ?? 1
  const sampling: Sampling = { ...config.sampling, ...request.sampling }
  const template = 'prompt' in request.input ? role.template : null
  const answer = await ask(n, (client, signal) =>
    client.complete(
      {
        model: config.model,
        input: request.input,
        n,
        seed: request.seed,
        sampling,
        stop: [...new Set([...config.stop, ...(template?.stop ?? [])])].slice(0, STOP_STRINGS),
        stopTokenIds: template?.stopTokenIds ?? [],
        jsonSchema: request.jsonSchema,
      },
      signal,
    ),
  )
  return completionsOf(answer.value, {
    role: role.name,
    model: config.model,
    endpoint: answer.endpoint,
    template: template?.name ?? null,
    promptHash: promptHash(request.input),
    ...sampling,
    seed: request.seed,
    milliseconds: answer.milliseconds,
    attempts: answer.attempts,
    firstTemperature: null,
    continuations: 0,
    usd: answer.usd,
  })
}

/** SHA-256 (hex) of the prompt's text, or of the messages as JSON. */
function promptHash(input: CompletionRequest['input']): string {
  return createHash('sha256')
    .update('prompt' in input ? input.prompt : JSON.stringify(input.messages))
    .digest('hex')
}

type Common = Omit<Generation, 'finishReason' | 'stopReason' | 'promptTokens' | 'cachedTokens' | 'completionTokens'>

/** The prompt's tokens go to choice 0; new tokens are an even share, the remainder to the first choices. */
function completionsOf(reply: Choices, common: Common): Completion[] {
  const { choices, promptTokens, cachedTokens, completionTokens } = reply
  const share = Math.floor(completionTokens / choices.length)
  const remainder = completionTokens - share * choices.length
  return choices.map((choice, index) => ({
    text: choice.text,
    reasoning: choice.reasoning,
    generation: {
      ...common,
      seed: common.seed + index,
      finishReason: choice.finishReason,
      stopReason: choice.stopReason,
      promptTokens: index === 0 ? promptTokens : 0,
      cachedTokens: index === 0 ? cachedTokens : 0,
      completionTokens: share + (index < remainder ? 1 : 0),
      usd: common.usd === null ? null : common.usd / choices.length,
    },
  }))
}

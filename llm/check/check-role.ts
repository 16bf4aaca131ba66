// All checks of one role at one endpoint: asks the server, hands what it said to the checks.

import { EARLIER_TURNS, SENTINEL } from '../chat-template.ts'
import type { SpeakerConfig } from '../config.ts'
import type { ChatMessage, Sampling } from '../contract.ts'
import type { EngineClient } from '../engine-client.ts'
import { roleTemplate } from '../role-template.ts'
import {
  type PastTurn,
  type PrefixRequest,
  promptPrefix,
  systemText,
  type Template,
  textBeforeTurn,
} from '../templates.ts'
import { answered, type Ask, type Unanswered } from './ask.ts'
import { checkBos } from './bos.ts'
import { checkContext } from './context.ts'
import { checkDefaults } from './defaults.ts'
import type { Remark } from './finding.ts'
import { checkPrefix } from './prefix.ts'
import { checkServed } from './served.ts'
import { checkStops } from './stops.ts'
import { checkThought } from './thought.ts'

export interface RoleSubject {
  readonly kind: 'role'
  readonly name: string
  readonly config: SpeakerConfig
  /** System message of its chats. */
  readonly system: string | null
  /** Its place in the config, as roles.answerer. */
  readonly place: string
  /** What its raw prompts are made of; null: it is asked by chat. */
  readonly raw: PrefixRequest | null
  /** Whether raw prompts follow answers too (stages.converse). */
  readonly furtherTurns?: boolean
  /** stages.verify.expectsThought, for roles whose answers are split; null for others. */
  readonly expectsThought: boolean | null
}

/** vLLM takes at most 4 stop strings. */
const STOP_STRINGS = 4
/** So many tokens show whether a server splits thoughts off. */
const FIRST_WORDS = 24

/** Where an endpoint is asked. */
export interface Place {
  readonly url: string
  readonly client: EngineClient
  readonly ask: Ask
}

/** Remarks on a role at an endpoint; [] when all is well. */
export async function checkRole(subject: RoleSubject, place: Place): Promise<Remark[]> {
  const { config, raw } = subject
  const { url, client, ask } = place
  const { model } = config
  const models = await ask((signal) => client.models(signal))
  const served = checkServed({ url, model, models })
  if (served.some(({ severity }) => severity === 'error')) return served
  const version = await ask((signal) => client.version(signal))
  const known = answered(models) ? (models.find(({ id }) => id === model) ?? models[0]) : undefined
  const maxModelLen = known?.maxModelLen ?? null
  const setting = `${subject.place}.sampling.maxTokens`
  const template = roleTemplate(config)
  const defaults = checkDefaults({ version: answered(version) ? version : null })
  const { maxTokens } = config.sampling
  if (raw === null || template === null) {
    const chat = await checkChat(subject, template, place)
    return [...served, ...defaults, ...checkContext({ maxModelLen, maxTokens, promptTokens: null, setting }), ...chat]
  }
  const { remarks, promptTokens } = await checkRaw(subject, template, raw, place)
  return [...served, ...defaults, ...checkContext({ maxModelLen, maxTokens, promptTokens, setting }), ...remarks]
}

/** Prefix, BOS and stops of raw prompts. */
async function checkRaw(
  { config, furtherTurns = false }: RoleSubject,
  template: Template,
  request: PrefixRequest,
  place: Place,
): Promise<{ remarks: Remark[]; promptTokens: number | null }> {
  const { client, ask } = place
  const { model } = config
  const tokens = (prompt: string, addSpecialTokens = false) =>
    ask((signal) => client.tokenize({ model, prompt, addSpecialTokens }, signal))
  const { prompt } = promptPrefix(template, request)
  const bare = await tokens(prompt)
  if (!answered(bare)) return { remarks: [notCompared(template, bare)], promptTokens: null }

  const remarks = await comparePrefix(config, template, request, [], place)
  if (furtherTurns) {
    const further = await comparePrefix(config, template, request, EARLIER_TURNS, place)
    remarks.push(...further.map((each) => ({ ...each, seen: `in the third turn of a conversation: ${each.seen}` })))
  }

  const marked = await tokens(prompt, true)
  const tried = await ask((signal) => client.complete(oneToken(model, prompt, config.sampling), signal))
  const counted = answered(tried) && tried.promptTokens > 0 ? tried.promptTokens : null
  if (answered(marked)) remarks.push(...checkBos({ bare: bare.tokens, marked: marked.tokens, counted }))
  if (!answered(tried)) remarks.push(refused(tried))

  const wanted = [...new Set([...config.stop, ...template.stop])]
  const strings = new Map<string, readonly number[]>()
  for (const stop of wanted.slice(0, STOP_STRINGS)) {
    const read = await tokens(stop)
    if (answered(read)) strings.set(stop, read.tokens)
  }
  const ids = new Map<number, string>()
  for (const id of template.stopTokenIds) {
    const read = await ask((signal) => client.detokenize({ model, tokens: [id] }, signal))
    if (answered(read)) ids.set(id, read)
  }
  remarks.push(...checkStops({ strings, ids, dropped: wanted.slice(STOP_STRINGS) }))
  return { remarks, promptTokens: bare.tokens.length }
}

/** Our text of a chat and its tokens against the server's. */
async function comparePrefix(
  { model }: SpeakerConfig,
  template: Template,
  request: PrefixRequest,
  past: readonly PastTurn[],
  { client, ask }: Place,
): Promise<Remark[]> {
  const text = systemText(template, request)
  const whole = `${textBeforeTurn(template, text, past)}${SENTINEL}${template.user.close}${template.assistant.open}`
  const messages: ChatMessage[] = [
    ...(text === null || text === '' ? [] : [{ role: 'system' as const, content: text }]),
    ...past.flatMap(({ user, assistant }): ChatMessage[] => [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ]),
    { role: 'user', content: SENTINEL },
  ]
  const ours = await ask((signal) => client.tokenize({ model, prompt: whole, addSpecialTokens: false }, signal))
  const theirs = await ask((signal) => client.tokenize({ model, messages, addGenerationPrompt: true }, signal))
  if (!answered(ours) || !answered(theirs))
    return [notCompared(template, answered(theirs) ? (ours as Unanswered) : theirs)]
  const rendered = await ask((signal) => client.detokenize({ model, tokens: theirs.tokens }, signal))
  if (!answered(rendered)) return [notCompared(template, rendered)]
  const look = { template: template.name, ours: ours.tokens, theirs: theirs.tokens }
  return checkPrefix({ ...look, ourText: whole, theirText: rendered })
}

/** What can be seen of a role that is asked by chat. */
async function checkChat(subject: RoleSubject, template: Template | null, { client, ask }: Place): Promise<Remark[]> {
  const { config, system, expectsThought } = subject
  const { model } = config
  const messages: ChatMessage[] = [
    ...(system === null ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: 'What is 17 + 25?' },
  ]
  const sampling = { ...config.sampling, maxTokens: FIRST_WORDS }
  const call = { model, input: { messages }, n: 1, seed: 0, sampling, stop: [], stopTokenIds: [] }
  const said = await ask((signal) => client.complete(call, signal))
  if (!answered(said)) return [refused(said)]
  if (expectsThought === null) return []
  const rendered = await ask((signal) => client.tokenize({ model, messages, addGenerationPrompt: true }, signal))
  const text = answered(rendered)
    ? await ask((signal) => client.detokenize({ model, tokens: rendered.tokens }, signal))
    : rendered
  const opening = answered(text) ? (text.split('What is 17 + 25?').at(-1) ?? null) : null
  return checkThought({ opening, said: said.choices[0] ?? null, template, expectsThought })
}

function oneToken(model: string, prompt: string, given: Sampling) {
  const sampling = { ...given, maxTokens: 1 }
  return { model, input: { prompt }, n: 1, seed: 0, sampling, stop: [], stopTokenIds: [] }
}

function notCompared({ name, verified }: Template, { failed }: Unanswered): Remark {
  const claim =
    verified === 'recalled'
      ? `and the template ${name} has been held against no model's own`
      : `so it rests on the template ${name}, which agrees with the model's own`
  return {
    severity: verified === 'recalled' ? 'warning' : 'note',
    check: 'prefix',
    seen: `the prefix cannot be compared (${failed.message}), ${claim}`,
    advice: 'name the server itself instead of a gateway before it, where there is one',
  }
}

function refused({ failed }: Unanswered): Remark {
  return {
    severity: 'error',
    check: 'served',
    seen: `it does not answer a small call: ${failed.message}`,
    advice: 'see what the server says of the call; a run would meet the same',
  }
}

// The chat templates of known models, as configs/model_configs.json gives them: found by name, and the text before
// a user's turn begins (the Magpie prefix). Promises: a prefix is made of the entry's pieces and nothing else.

import { createHash } from 'node:crypto'
import { UsageFault } from '../schemas/failure.ts'
import { loadTemplates, type Template } from './template-file.ts'

export { loadTemplates, type Template } from './template-file.ts'

/** Names of all templates. */
export function templateNames(templates: readonly Template[] = loadTemplates()): string[] {
  return templates.map(({ name }) => name)
}

/** What names of quantized copies end in; the template is that of the model. */
const QUANTIZED = /-(?:awq|gptq(?:-int[48])?|fp8(?:-dynamic)?|int[48]|bnb-[48]bit|nvfp4|mxfp4|w8a8|w4a16|bf16)$/

/**
 * The template of a template's name, or of a model's name with or without its organisation; case does not count, nor
 * does an ending such as -AWQ or -FP8. Of several patterns that fit, the one with the most letters wins. null: not known.
 */
export function findTemplate(nameOrModel: string, templates: readonly Template[] = loadTemplates()): Template | null {
  const wanted = nameOrModel.toLowerCase()
  const named = templates.find(({ name }) => name.toLowerCase() === wanted)
  if (named !== undefined) return named
  const model = withoutOrganisation(wanted)
  return ofModel(model, templates) ?? ofModel(model.replace(QUANTIZED, ''), templates)
}

function ofModel(model: string, templates: readonly Template[]): Template | null {
  let best: { template: Template; letters: number } | null = null
  for (const template of templates) {
    for (const pattern of template.models.map((each) => withoutOrganisation(each.toLowerCase()))) {
      const letters = pattern.replaceAll('*', '').length
      if (fits(pattern, model) && (best === null || letters > best.letters)) best = { template, letters }
    }
  }
  return best?.template ?? null
}

/** As findTemplate, but throws UsageFault naming the near ones. */
export function requireTemplate(nameOrModel: string, templates: readonly Template[] = loadTemplates()): Template {
  const template = findTemplate(nameOrModel, templates)
  if (template !== null) return template
  const family = /^[a-z]+/.exec(withoutOrganisation(nameOrModel.toLowerCase()))?.[0] ?? ''
  const near = templateNames(templates).filter((name) => family.length >= 3 && name.startsWith(family.slice(0, 4)))
  const hint = near.length > 0 ? `near it: ${near.join(', ')}; all` : 'there are'
  throw new UsageFault(
    `no template "${nameOrModel}" in configs/model_configs.json; ${hint}: ${templateNames(templates).join(', ')}`,
  )
}

/** A question and its answer that stand before the turn to be written. */
export interface PastTurn {
  readonly user: string
  /** Without the thought. */
  readonly assistant: string
}

export interface PrefixRequest {
  /** Kind of problems, an entry of the template's controlTasks; null: the model's own default. */
  readonly controlTask?: string | null
  /** Own system text; takes the place of the control task's. */
  readonly system?: string | null
  /** The user's turn already begins with this; part of the problem. */
  readonly opener?: string | null
  /** The conversation so far; the user's next turn is to be written. */
  readonly past?: readonly PastTurn[]
}

export interface Prefix {
  /** Exact text to be completed, to be sent with add_special_tokens false. */
  readonly prompt: string
  /** SHA-256 (hex) of the prompt. */
  readonly hash: string
}

/**
 * The text up to where the user writes. A blank at its end is left out where no opener follows: it belongs to the
 * token of the first word, which the model is to write.
 *
 * Throws UsageFault for a control task or a system text that the template has no place for, and for a past where it is
 * not known how an answer ends.
 */
export function promptPrefix(template: Template, request: PrefixRequest): Prefix {
  const { opener = null, past = [] } = request
  const before = textBeforeTurn(template, systemText(template, request), past)
  const prompt = opener === null || opener === '' ? before.replace(/ +$/, '') : `${before}${opener}`
  return { prompt, hash: createHash('sha256').update(prompt).digest('hex') }
}

/** The system text that a request comes to; null: no block. Throws as promptPrefix does. */
export function systemText(template: Template, { controlTask = null, system = null }: PrefixRequest): string | null {
  const asked = system ?? (controlTask === null ? null : controlText(template, controlTask))
  if (asked !== null && template.system.rule === 'none')
    throw new UsageFault(
      `template ${template.name} has no place for a system text; leave out system and controlTask, and use openers`,
    )
  return asked ?? template.system.default
}

/**
 * All that stands before the user's first letter, as the model's chat template writes it; with a past, before the first
 * letter of the turn that comes after it. Throws UsageFault where it is not known how an answer ends.
 */
export function textBeforeTurn(template: Template, text: string | null, past: readonly PastTurn[] = []): string {
  const { bos, preamble, system, user, assistant } = template
  const none = text === null || (text === '' && system.rule !== 'always')
  const block = none ? (system.whole ?? '') : `${system.open}${text}${system.close}`
  const first = { 'before-turn': `${block}${user.open}`, 'in-turn': `${user.open}${block}`, 'in-last-turn': user.open }
  const { close } = assistant
  if (past.length > 0 && close === null) throw new UsageFault(noFurtherTurns(template))
  const turns = past.map(
    (turn) => `${turn.user}${user.close}${assistant.past ?? assistant.open}${turn.assistant}${close ?? ''}${user.open}`,
  )
  const last = system.place === 'in-last-turn' ? block : ''
  return `${bos}${preamble}${first[system.place]}${turns.join('')}${last}`
}

/** Whether a prefix can be made that stands after an answer. */
export function takesFurtherTurns({ assistant }: Template): boolean {
  return assistant.close !== null
}

function noFurtherTurns({ name }: Template): string {
  return `template ${name} does not say how an answer ends (assistant.close), so no question can follow one`
}

function controlText(template: Template, controlTask: string): string {
  const text = template.controlTasks[controlTask]
  if (text !== undefined) return text
  if (template.system.rule === 'none')
    throw new UsageFault(
      `template ${template.name} has no place for a system text; leave out system and controlTask, and use openers`,
    )
  throw new UsageFault(
    `template ${template.name} has no control task "${controlTask}"; there are ${Object.keys(template.controlTasks).join(', ') || 'none'}; or give your own text in producer.system`,
  )
}

function withoutOrganisation(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}

/** Whether a model's name fits a pattern of the catalogue; organisations and case do not count. */
export function fitsModel(pattern: string, model: string): boolean {
  return fits(withoutOrganisation(pattern.toLowerCase()), withoutOrganisation(model.toLowerCase()))
}

/** Whether a text fits a pattern in which * stands for any text. */
function fits(pattern: string, text: string): boolean {
  const pieces = pattern.split('*').map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pieces.join('.*')}$`).test(text)
}

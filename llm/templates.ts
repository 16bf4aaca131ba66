// The chat templates of known models, as configs/model_configs.json gives them: the text before a user's turn
// begins (the Magpie prefix), what stops a turn, what the model's card advises. Promises: the file is checked
// whole, each fault with its place; a prefix is made of the file's pieces and nothing else.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { UsageFault } from '../schemas/failure.ts'

const file = new URL('../configs/model_configs.json', import.meta.url)

const someSampling = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  topK: z.int().min(-1).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().gt(0).optional(),
})

const templateShape = z.strictObject({
  models: z.array(z.string().min(1)).describe('Model names that it is for; * stands for any text'),
  bos: z.string().describe('Text of the token that begins a sequence; empty where the template writes none'),
  system: z.strictObject({
    rule: z
      .enum(['always', 'optional', 'none'])
      .describe(
        'always: the block is written even without a text of ours; optional: only with one; none: no such role',
      ),
    open: z.string(),
    close: z.string(),
    default: z.string().nullable().describe('Text when none is asked for; null: no block'),
  }),
  user: z.strictObject({ open: z.string().min(1), close: z.string() }),
  assistant: z.strictObject({ open: z.string().min(1) }),
  controlTasks: z.record(z.string(), z.string().min(1)).describe('System text for each kind of problem'),
  stop: z.array(z.string().min(2)).max(4).describe('Stop strings; vLLM takes 4'),
  stopTokenIds: z.array(z.int().min(0)),
  sampling: z
    .strictObject({ problems: someSampling, answers: someSampling })
    .describe('What works, for problems and answers'),
  reasoning: z
    .strictObject({ open: z.string(), close: z.string(), openInPrompt: z.boolean() })
    .nullable()
    .describe('Markers of the thought; null: the model does not think aloud'),
  contextLength: z.int().positive(),
  verified: z
    .enum(['template', 'server', 'recalled'])
    .describe(
      "template: agrees with the model's own chat template; server: with a server's tokens; recalled: neither yet",
    ),
  source: z.string().min(1),
  notes: z.string(),
})

export type Template = z.infer<typeof templateShape> & { readonly name: string }

/** All templates of the file, in its order. Throws UsageFault with every fault of the file. */
export function loadTemplates(path: URL | string = file): Template[] {
  const place = path instanceof URL ? 'configs/model_configs.json' : path
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageFault(`${place}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const read = z.record(z.string(), templateShape).safeParse(json)
  if (!read.success)
    throw new UsageFault(read.error.issues.map((issue) => `${place}: ${issue.path.join('.')}: ${issue.message}`))
  return Object.entries(read.data).map(([name, template]) => ({ ...template, name }))
}

/** Names of all templates. */
export function templateNames(templates: readonly Template[] = loadTemplates()): string[] {
  return templates.map(({ name }) => name)
}

/**
 * The template of a template's name, or of a model's name with or without its organisation; case does not count.
 * Of several patterns that fit, the one with the most letters wins. null: not known.
 */
export function findTemplate(nameOrModel: string, templates: readonly Template[] = loadTemplates()): Template | null {
  const wanted = nameOrModel.toLowerCase()
  const named = templates.find(({ name }) => name.toLowerCase() === wanted)
  if (named !== undefined) return named
  const model = withoutOrganisation(wanted)
  let best: { template: Template; letters: number } | null = null
  for (const template of templates) {
    for (const pattern of template.models) {
      const letters = pattern.replaceAll('*', '').length
      if (fits(withoutOrganisation(pattern.toLowerCase()), model) && (best === null || letters > best.letters))
        best = { template, letters }
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

export interface PrefixRequest {
  /** Kind of problems, an entry of the template's controlTasks; null: the model's own default. */
  readonly controlTask?: string | null
  /** Own system text; goes before the control task's. */
  readonly system?: string | null
  /** The user's turn already begins with this; part of the problem. */
  readonly opener?: string | null
}

export interface Prefix {
  /** Exact text to be completed, to be sent with add_special_tokens false. */
  readonly prompt: string
  /** SHA-256 (hex) of the prompt. */
  readonly hash: string
}

/** The text up to where the user writes. Throws UsageFault for a control task or a system text that the template has no place for. */
export function promptPrefix(
  template: Template,
  { controlTask = null, system = null, opener = null }: PrefixRequest,
): Prefix {
  const { rule, open, close } = template.system
  const asked = system ?? (controlTask === null ? null : controlText(template, controlTask))
  if (asked !== null && rule === 'none')
    throw new UsageFault(
      `template ${template.name} has no place for a system text; leave out system and controlTask, and use openers`,
    )
  const text = asked ?? template.system.default
  const block = text === null || (text === '' && rule !== 'always') ? '' : `${open}${text}${close}`
  const prompt = `${template.bos}${block}${template.user.open}${opener ?? ''}`
  return { prompt, hash: createHash('sha256').update(prompt).digest('hex') }
}

function controlText(template: Template, controlTask: string): string {
  const text = template.controlTasks[controlTask]
  if (text !== undefined) return text
  throw new UsageFault(
    `template ${template.name} has no control task "${controlTask}"; there are ${Object.keys(template.controlTasks).join(', ') || 'none'}; or give your own text in producer.system`,
  )
}

function withoutOrganisation(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}

/** Whether a text fits a pattern in which * stands for any text. */
function fits(pattern: string, text: string): boolean {
  const pieces = pattern.split('*').map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pieces.join('.*')}$`).test(text)
}

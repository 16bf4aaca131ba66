// configs/model_configs.json, read and checked: the chat templates of known models, an entry each. An entry may
// extend another and then says only what differs; texts of control tasks stand once, in configs/control_tasks.json.
// Promises: the file is checked whole, each fault with its place.

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { UsageFault } from '../schemas/failure.ts'

const catalogue = new URL('../configs/model_configs.json', import.meta.url)
const tasks = new URL('../configs/control_tasks.json', import.meta.url)

const someSampling = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  topK: z.int().min(-1).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().gt(0).optional(),
})

const controlTexts = z.record(z.string(), z.string().min(1))

export const templateShape = z.strictObject({
  models: z.array(z.string().min(1)).describe('Model names that it is for; * stands for any text'),
  bos: z.string().describe('Text of the token that begins a sequence; empty where the template writes none'),
  preamble: z.string().default('').describe('What the template writes after it in any case, before a system text'),
  system: z.strictObject({
    rule: z
      .enum(['always', 'optional', 'none'])
      .describe(
        'always: the block is written even without a text of ours; optional: only with one; none: no such role',
      ),
    place: z
      .enum(['before-turn', 'in-turn', 'in-last-turn'])
      .default('before-turn')
      .describe(
        "in-turn: at the head of the user's first turn, as Llama 2 and Gemma 3 have it; in-last-turn: of the last, as Mistral 7B v0.3 has it",
      ),
    open: z.string(),
    close: z.string(),
    default: z.string().nullable().describe('Text when none is asked for; null: no block'),
    whole: z
      .string()
      .optional()
      .describe('The block when there is no text at all, where it is not just left out; for templates given as files'),
    ownDefault: z.boolean().default(false).describe("The default is ours, not the template's own; the notes say why"),
  }),
  user: z.strictObject({ open: z.string().min(1), close: z.string() }),
  assistant: z
    .strictObject({
      open: z.string().describe("What stands between the user's turn and the answer"),
      past: z
        .string()
        .optional()
        .describe('The same before an answer that was given in an earlier turn; as open where it is left out'),
      close: z
        .string()
        .nullable()
        .default(null)
        .describe("What stands between an answer and the opening of the user's next turn; null: not known"),
    })
    .describe('Around answers; user.open follows close'),
  controlTasks: controlTexts.describe('System text for each kind of problem; none where there is no system role'),
  stop: z.array(z.string().min(2)).max(4).describe('Stop strings; vLLM takes 4'),
  stopTokenIds: z.array(z.int().min(0)),
  sampling: z
    .strictObject({ problems: someSampling, answers: someSampling })
    .describe("What works for problems, and for answers what the model's maker advises"),
  reasoning: z
    .strictObject({ open: z.string(), close: z.string(), openInPrompt: z.boolean() })
    .nullable()
    .describe('Markers of the thought; null: the model does not think aloud'),
  contextLength: z.int().positive().nullable().describe('Tokens; null: not known'),
  licences: z
    .record(z.string().min(1), z.string().min(1))
    .optional()
    .describe(
      'Licence of the weights by name pattern, as the Hugging Face hub calls it; the first pattern that fits decides',
    ),
  verified: z
    .enum(['template', 'server', 'recalled'])
    .describe(
      "template: agrees with the model's own chat template; server: with a server's tokens; recalled: neither yet",
    ),
  source: z.string().min(1),
  notes: z.string(),
})

export type Template = z.infer<typeof templateShape> & { readonly name: string }

/** These say something of one entry alone. */
const OWN = ['models', 'licences', 'verified', 'source', 'notes']

/**
 * All entries, in the order of the file. `path` and `tasksPath` stand for the project's own files.
 *
 * Throws UsageFault with every fault.
 */
export function loadTemplates(path: URL | string = catalogue, tasksPath: URL | string = tasks): Template[] {
  const place = path instanceof URL ? 'configs/model_configs.json' : path
  const shared = loadControlTasks(tasksPath)
  const raw = parsed(z.record(z.string(), z.record(z.string(), z.unknown())), readJson(path, place), place)
  const faults: string[] = []
  const templates: Template[] = []
  for (const name of Object.keys(raw)) {
    const entry = extended(raw, name, [])
    if (typeof entry === 'string') {
      faults.push(`${place}: ${entry}`)
      continue
    }
    const { system } = entry as { system?: { rule?: unknown } }
    const texts = system?.rule === 'none' ? {} : shared
    const read = templateShape.safeParse({ ...entry, controlTasks: merged(texts, entry['controlTasks']) })
    if (read.success) templates.push({ ...read.data, name })
    else faults.push(...faultsOf(read.error, `${place}: ${name}.`))
  }
  if (faults.length > 0) throw new UsageFault(faults)
  return templates
}

/** System texts for each kind of problem, for every template that takes one. Throws UsageFault. */
export function loadControlTasks(path: URL | string = tasks): Readonly<Record<string, string>> {
  return parsed(controlTexts, readJson(path, 'configs/control_tasks.json'), 'configs/control_tasks.json')
}

type Entry = Readonly<Record<string, unknown>>

/** The entry with what it inherits; a text says what is wrong. */
function extended(all: Readonly<Record<string, Entry>>, name: string, above: readonly string[]): Entry | string {
  const { extends: parent, ...own } = all[name]!
  if (parent === undefined) return own
  if (typeof parent !== 'string' || all[parent] === undefined)
    return `${name}.extends: there is no entry ${JSON.stringify(parent)}`
  if (parent === name || above.includes(parent)) return `${name}.extends: goes round in a circle`
  const inherited = extended(all, parent, [...above, name])
  if (typeof inherited === 'string') return inherited
  const result: Record<string, unknown> = { ...inherited }
  for (const key of OWN) Reflect.deleteProperty(result, key)
  for (const [key, value] of Object.entries(own)) result[key] = merged(result[key], value)
  return result
}

/** One level deep: what the second says replaces what the first says, key by key. Lists are replaced whole. */
function merged(first: unknown, second: unknown): unknown {
  if (second === undefined) return first
  return isPlain(first) && isPlain(second) ? { ...first, ...second } : second
}

function isPlain(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readJson(path: URL | string, place: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageFault(`${place}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function parsed<T>(shape: z.ZodType<T>, json: unknown, place: string): T {
  const read = shape.safeParse(json)
  if (read.success) return read.data
  throw new UsageFault(faultsOf(read.error, `${place}: `))
}

function faultsOf(error: z.ZodError, before: string): string[] {
  return error.issues.map((issue) => `${before}${issue.path.join('.')}: ${issue.message}`)
}

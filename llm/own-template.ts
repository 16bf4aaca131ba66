// A template that a config gives as a file: a .jinja, or a model's tokenizer_config.json. Promises: the prefix is the
// one that the file renders, character by character, with and without a system text; every fault names file and field.

import { basename, dirname } from 'node:path'
import { z } from 'zod'
import { UsageFault } from '../schemas/failure.ts'
import {
  EARLIER_TURNS,
  type RenderedThirdTurn,
  type RenderedTurn,
  renderThirdTurn,
  renderUserTurn,
} from './chat-template.ts'
import { findControlTokens } from './control-tokens.ts'
import { fileFault, readTokenizer, type Tokenizer } from './tokenizer-files.ts'
import { loadControlTasks, type Template } from './template-file.ts'
import { textBeforeTurn } from './templates.ts'

/** Of a role's config. */
export const chatTemplateConfig = z
  .string()
  .min(1)
  .optional()
  .describe(
    "A model's own chat template, for raw prefixes: path of a .jinja file or of its tokenizer_config.json, from the config's folder",
  )

/** What stands for a system text while the template's own parts are looked for. */
const SYSTEM = 'x4ZsystemTextW9'
const THINK = '<think>'

/**
 * Reads and takes apart a template.
 *
 * path: of the file; generation_config.json and tokenizer_config.json are read where they lie beside it. Throws
 * UsageFault (file, field, what to do).
 */
export function readOwnTemplate(path: string): Template {
  const tokenizer = readTokenizer(path)
  const plain = rendered(tokenizer, null)
  const texted = withSystem(tokenizer)
  const pieces = texted === null ? withoutSystem(plain) : takenApart(plain, texted)
  const { suffix } = plain
  const bos = pieces.preamble.startsWith(tokenizer.bosToken) ? tokenizer.bosToken : ''
  const stops = stopsOf(tokenizer, plain.prefix.slice(bos.length), suffix)
  const template: Template = {
    name: `${basename(dirname(path))}/${basename(path)}`,
    models: [],
    ...pieces,
    bos,
    preamble: pieces.preamble.slice(bos.length),
    assistant: { open: suffix, close: null },
    controlTasks: pieces.system.rule === 'none' ? {} : { ...loadControlTasks() },
    ...stops,
    sampling: { problems: { temperature: 1, topP: 1 }, answers: tokenizer.sampling },
    reasoning: suffix.includes(THINK) ? { open: THINK, close: '</think>', openInPrompt: true } : null,
    contextLength: tokenizer.contextLength,
    verified: 'template',
    source: path,
    notes: '',
  }
  return withFurtherTurns(template, tokenizer)
}

/**
 * The template with what stands around earlier answers, where three turns of the file are what its pieces give, with a
 * system text and without one; else as it is.
 */
function withFurtherTurns(template: Template, tokenizer: Tokenizer): Template {
  const plain = thirdTurn(tokenizer, null)
  if (plain === null) return template
  // What opens every turn; what else the first turn begins with belongs to the system block.
  const { system, user } = template
  const open = plain.between.slice(plain.between.length - sameLength(reversed(plain.between), reversed(user.open)))
  const first = user.open.slice(0, user.open.length - open.length)
  const close = plain.between.slice(0, plain.between.length - open.length)
  const texts = system.rule === 'none' ? [null] : [null, SYSTEM]
  for (const place of ['before-turn', 'in-last-turn'] as const) {
    const further: Template = {
      ...template,
      system: { ...system, place, close: `${system.close}${first}`, whole: `${system.whole ?? ''}${first}` },
      user: { ...user, open },
      assistant: { ...template.assistant, past: plain.past, close },
    }
    const agrees = (text: string | null): boolean =>
      textBeforeTurn(further, text, EARLIER_TURNS) === thirdTurn(tokenizer, text)?.before
    if (texts.every(agrees)) return further
  }
  return template
}

/** null where the template refuses such a chat. */
function thirdTurn(
  { chatTemplate, bosToken, eosToken, variables }: Tokenizer,
  system: string | null,
): RenderedThirdTurn | null {
  try {
    return renderThirdTurn({ chatTemplate, bosToken, eosToken, variables, system })
  } catch {
    // What a template throws is its own affair; that there are no further turns is told by the rules of the config.
    return null
  }
}

type Pieces = Pick<Template, 'preamble' | 'system' | 'user'>

function withoutSystem({ prefix }: RenderedTurn): Pieces {
  return {
    preamble: prefix,
    system: { rule: 'none', place: 'before-turn', open: '', close: '', default: null, ownDefault: false },
    user: { open: '', close: '' },
  }
}

/**
 * Pieces out of the prefix with a system text (before + text + after) and without one: what both begin and end with
 * is fixed, the rest belongs to the system block. They are cut where the texts differ, not where a person would cut,
 * and give both prefixes back exactly.
 */
function takenApart(plain: RenderedTurn, texted: [string, string]): Pieces {
  const [before, after] = texted
  const head = sameLength(before, plain.prefix)
  const rest = plain.prefix.slice(head)
  const tail = sameLength(reversed(after), reversed(rest))
  const open = before.slice(head)
  const close = after.slice(0, after.length - tail)
  const own = rest.slice(0, rest.length - tail)
  return {
    preamble: before.slice(0, head),
    system: {
      rule: 'optional',
      place: 'before-turn',
      open,
      close,
      default: null,
      whole: own,
      ownDefault: false,
    },
    user: { open: after.slice(after.length - tail), close: '' },
  }
}

/** What stands before and after a system text; null: the template takes none. */
function withSystem(tokenizer: Tokenizer): [string, string] | null {
  const turn = attempt(() => rendered(tokenizer, SYSTEM))
  const [before, after, ...more] = turn?.prefix.split(SYSTEM) ?? []
  return before === undefined || after === undefined || more.length > 0 ? null : [before, after]
}

/** null where the template refuses, as Gemma's does a system message. */
function attempt(render: () => RenderedTurn): RenderedTurn | null {
  try {
    return render()
  } catch (error) {
    if (error instanceof UsageFault) return null
    throw error
  }
}

function rendered(
  { path, field, chatTemplate, bosToken, eosToken, variables }: Tokenizer,
  system: string | null,
): RenderedTurn {
  try {
    return renderUserTurn({ chatTemplate, bosToken, eosToken, variables, system })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw fileFault(path, field, `cannot be rendered: ${why}`)
  }
}

/** End tokens as the files name them, the token that follows the user's words, the tokens that begin a turn. */
function stopsOf(tokenizer: Tokenizer, opening: string, suffix: string): Pick<Template, 'stop' | 'stopTokenIds'> {
  const first = (text: string): string[] =>
    findControlTokens(text)
      .slice(0, 1)
      .map(({ token }) => token)
  const texts = [...first(suffix), ...(tokenizer.eosToken === '' ? [] : [tokenizer.eosToken]), ...first(opening)]
  const stop = [...new Set(texts)].slice(0, 4)
  const ids = stop.flatMap((text) => tokenizer.addedTokens.get(text) ?? [])
  return { stop, stopTokenIds: [...new Set([...tokenizer.endIds, ...ids])] }
}

function sameLength(left: string, right: string): number {
  let length = 0
  while (length < left.length && left[length] === right[length]) length += 1
  return length
}

function reversed(text: string): string {
  return text.split('').reverse().join('')
}

// Splits what a model said into its thought and its solution, for every shape in which servers give it: fields of a
// parser, tags in the text, harmony channels. Promises: nothing but markers and blanks at the ends is lost, and a
// thought that never closed is never a solution.

import { readChannels } from './harmony.ts'

export interface Said {
  readonly text: string
  /** From message.reasoning or message.reasoning_content; null when the server did not split. */
  readonly reasoning: string | null
  readonly finishReason: string
}

export interface SplitReasoning {
  readonly reasoning: string | null
  readonly solution: string
  /** none: it did not think aloud; unfinished: the thought never closed, so there is no solution. */
  readonly thought: 'none' | 'closed' | 'unfinished'
  /** The model ended by itself, its thought (if any) closed, and a solution stands after it. */
  readonly complete: boolean
}

/** What stands around a model's thought (`reasoning` of its template). */
export interface Markers {
  readonly open: string
  readonly close: string
  /** The prompt ends in `open`, so that the text begins inside the thought. */
  readonly openInPrompt?: boolean
}

export const OPEN_THOUGHT = '<think>'
const USUAL: Markers = { open: OPEN_THOUGHT, close: '</think>' }

/**
 * Splits at the first closing marker; the opening one is usually in the prompt, so it may be missing. Thoughts that
 * follow one another with nothing between belong together; a marker after the solution began is part of it.
 *
 * Without a closing marker: an opening one means an unfinished thought (solution empty), none means that the whole
 * text is the solution. With `expectsThought` (left out: with markers that have openInPrompt) it is an unfinished thought
 * too, and a cut text of a model whose prompt opens the thought always is.
 */
export function splitReasoning(
  said: Said,
  { expectsThought = null, markers = null }: { expectsThought?: boolean | null; markers?: Markers | null } = {},
): SplitReasoning {
  const ended = said.finishReason === 'stop'
  const given = said.reasoning === null || said.reasoning.trim() === '' ? null : said.reasoning
  const harmony = markers?.open.includes('<|channel|>') ?? false
  const channels = readChannels(said.text, harmony)
  if (channels !== null) {
    const thoughts = [given ?? '', ...channels.thoughts]
    return channels.final === null ? unfinished(thoughts) : closed(thoughts, channels.final, ended)
  }
  if (given !== null) {
    // A server that splits gives no content for a thought that never closed.
    if (said.text.trim() === '') return unfinished([given])
    return further([given], said.text, ended, markers)
  }
  const end = thoughtEnd(said.text, markers)
  if (end !== null) {
    const before = withoutOpening(said.text.slice(0, end.from), markers)
    return further([before], said.text.slice(end.to), ended, markers)
  }
  const open = firstOf(said.text, openings(markers))
  if (open !== null) return unfinished([said.text.slice(0, open.from), said.text.slice(open.to)])
  const opened = markers?.openInPrompt === true
  const isCut = opened && !ended
  if (isCut || (expectsThought ?? opened)) return unfinished([said.text])
  const solution = said.text.trim()
  return { reasoning: null, solution, thought: 'none', complete: ended && solution !== '' }
}

/** Where the first thought of a raw text ends; null: it does not. */
export function thoughtEnd(text: string, markers: Markers | null): Place | null {
  const harmony = markers?.open.includes('<|channel|>') ?? false
  if (harmony) return firstOf(text, ['<|channel|>final<|message|>', 'assistantfinal'])
  return firstOf(text, [...(markers === null ? [] : [markers.close.trim()]), USUAL.close])
}

interface Place {
  readonly from: number
  readonly to: number
}

/** The text after a closed thought: a solution, or further thoughts, one at once behind the other. */
function further(before: readonly string[], text: string, ended: boolean, markers: Markers | null): SplitReasoning {
  const thoughts = [...before]
  const opens = openings(markers)
  let rest = text
  for (;;) {
    const begun = rest.trimStart()
    const open = opens.find((marker) => begun.startsWith(marker))
    if (open === undefined) return closed(thoughts, rest, ended)
    const inside = begun.slice(open.length)
    const end = thoughtEnd(inside, markers)
    if (end === null) return unfinished([...thoughts, inside])
    thoughts.push(inside.slice(0, end.from))
    rest = inside.slice(end.to)
  }
}

function closed(thoughts: readonly string[], text: string, ended: boolean): SplitReasoning {
  const solution = text.trim()
  return { reasoning: joined(thoughts), solution, thought: 'closed', complete: ended && solution !== '' }
}

function unfinished(thoughts: readonly string[]): SplitReasoning {
  return { reasoning: joined(thoughts), solution: '', thought: 'unfinished', complete: false }
}

function openings(markers: Markers | null): string[] {
  return [...(markers === null ? [] : [markers.open.trim()]), USUAL.open].filter((marker) => marker !== '')
}

function withoutOpening(thought: string, markers: Markers | null): string {
  const trimmed = thought.trimStart()
  const open = openings(markers).find((marker) => trimmed.startsWith(marker))
  return open === undefined ? thought : trimmed.slice(open.length)
}

function firstOf(text: string, marks: readonly string[]): Place | null {
  let first: Place | null = null
  for (const mark of marks) {
    const from = mark === '' ? -1 : text.indexOf(mark)
    if (from !== -1 && (first === null || from < first.from)) first = { from, to: from + mark.length }
  }
  return first
}

function joined(thoughts: readonly string[]): string | null {
  const parts = thoughts.map((part) => part.trim()).filter((part) => part !== '')
  return parts.length === 0 ? null : parts.join('\n\n')
}

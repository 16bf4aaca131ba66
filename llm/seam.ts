// Puts together the texts of several calls that continue one another. Promises: a character whose bytes were split
// by the cut comes out whole, a stop string that lies across the cut ends the text there, and a thought that a
// server's parser had begun to take apart ends at its marker. Everything else is kept as it came.

import { OPEN_THOUGHT, type Markers, thoughtEnd } from './reasoning.ts'

/** What one text has so far; reasoning as a server's parser gave it. */
export interface Spoken {
  readonly text: string
  readonly reasoning: string | null
}

/** What is known of the tokens around a cut. Decodings are the server's, special tokens shown. */
export interface Cut {
  /** The last tokens before the cut; null: the server cannot decode. */
  readonly before: string | null
  /** Where `before` ends inside a character: the first tokens behind it, and both sides together. */
  readonly behind: string | null
  readonly over: string | null
  /** The stop string that ended the text behind the cut, which does not show it; null: none did. */
  readonly stopped: string | null
}

/** A byte sequence that is no character, or not yet one. */
const BROKEN = '\uFFFD'

/** Whether the cut may lie inside a character, so that `Cut.behind` and `Cut.over` are needed. */
export function endsInCharacter(before: string | null): boolean {
  return before?.endsWith(BROKEN) ?? false
}

/**
 * Appends what a raw completion said after the cut.
 *
 * Servers' raw completions are not parsed: behind an unfinished reasoning, `piece` goes on with the thought, and the
 * solution begins at the marker. Stop strings that lie across the cut end the text; `stop` is then the one that did.
 */
export function joinAtCut(
  said: Spoken,
  piece: string,
  cut: Cut,
  { stop, markers }: { readonly stop: readonly string[]; readonly markers: Markers | null },
): Spoken & { readonly stop: string | null } {
  const thinks = isThinking(said, cut.before, markers)
  const shown = thinks ? (said.reasoning ?? '') : opened(said, cut.before, markers)
  const [head, tail] = mend(shown, piece, cut)
  const ended = stopAcross(head, `${tail}${cut.stopped ?? ''}`, stop)
  const raw = ended === null ? `${head}${tail}` : `${head}${tail}`.slice(0, ended.at)
  const found = ended?.stop ?? null
  if (!thinks) return { text: raw, reasoning: said.reasoning, stop: found }
  const end = thoughtEnd(raw, markers)
  if (end === null) return { text: '', reasoning: raw, stop: found }
  return { text: raw.slice(end.to), reasoning: raw.slice(0, end.from), stop: found }
}

/** A parser gave a thought and nothing after it, and the thought's end is not the last thing before the cut. */
function isThinking(said: Spoken, before: string | null, markers: Markers | null): boolean {
  if (said.reasoning === null || said.text !== '') return false
  if (said.reasoning === '' && before === null) return false
  return before === null || thoughtEnd(before, markers) === null
}

/** A parser swallows the tag that opens a thought: where nothing else came yet, it is put back. */
function opened(said: Spoken, before: string | null, markers: Markers | null): string {
  if (said.text !== '' || (said.reasoning ?? '') !== '' || before === null) return said.text
  const open = [markers?.open, OPEN_THOUGHT].find((tag) => tag !== undefined && before.trimEnd().endsWith(tag.trim()))
  return open === undefined ? said.text : before
}

/**
 * Both sides of the cut, with a character that it split in the second.
 *
 * Servers drop the bytes of an unfinished character at the end of a text, or show them as U+FFFD. Behind the cut the
 * text begins with the whole character, with U+FFFD again, or with what follows the character. The decodings tell.
 */
function mend(shown: string, piece: string, { before, behind, over, stopped }: Cut): [string, string] {
  if (before === null || behind === null || over === null) return [shown, piece]
  const whole = withoutBrokenEnd(before)
  const rest = withoutBrokenStart(behind)
  if (rest === behind || !over.startsWith(whole) || !over.endsWith(rest)) return [shown, piece]
  /** What the bytes around the cut are together. */
  const split = over.slice(whole.length, over.length - rest.length)
  const broken = before.length - whole.length
  let head = shown
  while (shown.length - head.length < broken && head.endsWith(BROKEN)) head = head.slice(0, -1)
  const showsBroken = shown.length - head.length === broken
  const clean = withoutBrokenStart(piece)
  if (clean === '') {
    const decoded = `${split}${rest}`
    const tail = showsBroken ? decoded : withoutBrokenEnd(decoded)
    return tail === '' ? [shown, piece] : [head, stopped === null ? tail : (tail.split(stopped)[0] ?? '')]
  }
  // Held back, the character is whole in the piece already; what was stripped from the head is not in it.
  if (!showsBroken && agree(piece, `${split}${rest}`.slice(shown.length - head.length))) return [shown, piece]
  return [head, `${split}${clean}`]
}

/** Whether a text and the decoding of its first tokens begin alike. */
function agree(text: string, decoded: string): boolean {
  const known = withoutBrokenEnd(decoded)
  return text.startsWith(known) || known.startsWith(text)
}

function withoutBrokenStart(text: string): string {
  return text.replace(/^\uFFFD+/, '')
}

function withoutBrokenEnd(text: string): string {
  return text.replace(/\uFFFD+$/, '')
}

/** The first stop string that begins before the cut and ends behind it: the engine saw only a half of it. */
function stopAcross(head: string, tail: string, stop: readonly string[]): { at: number; stop: string } | null {
  let first: { at: number; stop: string } | null = null
  const text = `${head}${tail}`
  for (const each of stop) {
    const at = text.indexOf(each, Math.max(0, head.length - each.length + 1))
    if (at !== -1 && at < head.length && (first === null || at < first.at)) first = { at, stop: each }
  }
  return first
}

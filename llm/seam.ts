// Puts together the texts of several calls that continue one another. Promises: a character whose bytes were split
// by the cut comes out whole, a stop string that lies across the cut ends the text there, and a thought that a
// server's parser had begun to take apart ends at its marker. Everything else is kept as it came.

import { OPEN_THOUGHT, type Markers, thoughtEnd } from './reasoning.ts'

/** What one text has so far; reasoning as a server's parser gave it. */
export interface Spoken {
  readonly text: string
  readonly reasoning: string | null
}

export interface Cut {
  /** The server's decoding of the last tokens before the cut, special tokens shown; null: it cannot decode. */
  readonly before: string | null
  /** The same with the first tokens behind the cut; needed where `before` ends inside a character. */
  readonly after: string | null
}

/** A byte sequence that is no character, or not yet one. */
const BROKEN = '\uFFFD'

/** Whether the cut may lie inside a character, so that `Cut.after` is needed. */
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
  const ended = stopAcross(head, tail, stop)
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
 * Servers either drop the bytes of an unfinished character at the end of a text or show them as U+FFFD; the text
 * behind the cut then begins with the whole character, or with U+FFFD again. The decoding over the cut tells.
 */
function mend(shown: string, piece: string, { before, after }: Cut): [string, string] {
  if (before === null || after === null || !endsInCharacter(before)) return [shown, piece]
  const whole = withoutBrokenEnd(before)
  if (!after.startsWith(whole)) return [shown, piece]
  const most = before.length - whole.length
  let head = shown
  for (let taken = 0; taken < most && head.endsWith(BROKEN); taken += 1) head = head.slice(0, -1)
  const decoded = after.slice(whole.length)
  const rest = piece.replace(/^\uFFFD+/, '')
  if (rest === '') return [head, decoded]
  for (let length = Math.min(8, rest.length); length > 0; length -= 1) {
    const at = decoded.indexOf(rest.slice(0, length))
    if (at !== -1) return [head, `${decoded.slice(0, at)}${rest}`]
  }
  return [shown, piece]
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

// The door by which text of others (models, servers, records, names) goes to a terminal or a log. A terminal obeys
// control characters: they move the cursor, change the title, write to the clipboard; marks of direction turn text
// round. Promise: none of them gets through. (llm/visible.ts shows them instead, where each character matters.)

/** C0 and C1 control characters, format characters, and the separators that end a line. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu
const CONTROL_BUT_LINES = /(?![\n\t\u00ad\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/gu
/** What cli/ paints with: colour and weight, nothing that moves. */
const PAINT = /\u001b\[[\d;]{0,12}m/g

/** Text of others on one line. */
export function harmless(text: string): string {
  return text.toWellFormed().replace(CONTROL, ' ').trim()
}

/** Text of others with its lines and tabs: what else a terminal obeys stands as \u001b. */
export function harmlessLines(text: string): string {
  return text.toWellFormed().replace(CONTROL_BUT_LINES, escaped)
}

/** The last look at what we have painted ourselves: colours stay, everything else as harmlessLines. */
export function paintedOnly(text: string): string {
  const paints = text.match(PAINT) ?? []
  return text
    .split(PAINT)
    .map((part, place) => harmlessLines(part) + (paints[place] ?? ''))
    .join('')
}

/** A line of JSON for a log that people look at in a terminal: the same value, without a character that it obeys. */
export function harmlessJson(line: string): string {
  return line.replace(CONTROL_BUT_LINES, escaped)
}

function escaped(characters: string): string {
  return Array.from({ length: characters.length }, (_, at) => {
    return `\\u${characters.charCodeAt(at).toString(16).padStart(4, '0')}`
  }).join('')
}

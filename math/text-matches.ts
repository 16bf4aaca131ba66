// The last places of a text where a pattern matches.

/** The last five matches, the last one first. */
export function lastMatches(pattern: RegExp, text: string): RegExpExecArray[] {
  const last: RegExpExecArray[] = []
  for (const match of text.matchAll(pattern)) {
    last.push(match)
    if (last.length > 5) last.shift()
  }
  return last.reverse()
}

// Text that grows token by token: whole characters only, cut before the first stop string, and never handing out
// a piece that might turn out to be the beginning of a stop string.

export interface StopText {
  /** Adds one token's text source; returns the stop string that was met, else null. */
  add(token: number): string | null
  /** Gives out what was held back and returns the whole text. */
  finish(): string
}

// A character has at most four bytes, so at most four byte tokens: a longer wait is no character.
const MOST_PARTS = 4

/** `detokenize` turns tokens into text given the tokens before them; `onText` gets the pieces as they become certain. */
export function stopText(
  detokenize: (tokens: readonly number[], before: readonly number[]) => string,
  stop: readonly string[],
  onText?: (piece: string) => void,
): StopText {
  const strings = stop.filter((each) => each !== '')
  const longest = Math.max(0, ...strings.map(({ length }) => length))
  let text = ''
  let given = 0
  let pending: number[] = []
  let before: number[] = []

  function giveUpTo(end: number): void {
    if (end <= given) return
    onText?.(text.slice(given, end))
    given = end
  }

  function take(): string | null {
    const from = Math.max(0, text.length - longest)
    text += detokenize(pending, before)
    before = [...before, ...pending].slice(-8)
    pending = []
    const met = firstStop(text, strings, from)
    if (met !== null) text = text.slice(0, met.at)
    giveUpTo(met === null ? wholeCharacters(text, text.length - Math.max(0, longest - 1)) : text.length)
    return met?.stop ?? null
  }

  return {
    add(token) {
      pending.push(token)
      const unfinished = detokenize(pending, before).endsWith('\uFFFD')
      return unfinished && pending.length < MOST_PARTS ? null : take()
    },
    finish() {
      if (pending.length > 0) take()
      giveUpTo(text.length)
      return text
    },
  }
}

function firstStop(text: string, strings: readonly string[], from: number): { at: number; stop: string } | null {
  let first: { at: number; stop: string } | null = null
  for (const stop of strings) {
    const at = text.indexOf(stop, from)
    if (at >= 0 && (first === null || at < first.at)) first = { at, stop }
  }
  return first
}

// Never ends between the two halves of a surrogate pair.
function wholeCharacters(text: string, end: number): number {
  const code = text.charCodeAt(end - 1)
  return end > 0 && code >= 0xd800 && code <= 0xdbff ? end - 1 : end
}

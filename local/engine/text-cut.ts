// Ends a text where a server would: at the first stop, at max_tokens, or after its last token with the end token.
// Control tokens are left out of what is shown unless asked for, but are generated and counted.

import type { EngineChoice, EngineSampling } from './contract.ts'
import { endOfTokens, HARMONY_TOKENS, pieces, SPECIAL_TOKENS, tokenize } from './tokens.ts'

const HIDDEN = new Set(HARMONY_TOKENS.map(([text]) => text))

/** Cuts a text that the model would write to its end, which is `endToken`. */
export function cutText(text: string, sampling: EngineSampling, endToken: number): EngineChoice {
  const hides = sampling.skipSpecialTokens !== false && text.includes('<|')
  const show = (raw: string): string => (hides ? shown(raw) : raw)
  const { said, stopReason } = untilStop(text, show(text), sampling)
  const tokenIds = tokenize(said)
  if (tokenIds.length + 1 > sampling.maxTokens) {
    const kept = show(said.slice(0, endOfTokens(said, sampling.maxTokens)))
    const ids = tokenIds.slice(0, sampling.maxTokens)
    return { text: kept, finishReason: 'length', stopReason: null, completionTokens: ids.length, tokenIds: ids }
  }
  const stopTokens =
    stopReason === null ? [endToken] : typeof stopReason === 'number' ? [stopReason] : tokenize(stopReason)
  tokenIds.push(...stopTokens)
  return { text: show(said), finishReason: 'stop', stopReason, completionTokens: tokenIds.length, tokenIds }
}

/** The text before its first stop. Stop strings are looked for in what is shown, stop tokens in what is generated. */
function untilStop(
  text: string,
  visible: string,
  sampling: EngineSampling,
): { said: string; stopReason: string | number | null } {
  let end = text.length
  let stopReason: string | number | null = null
  for (const stop of sampling.stop) {
    const found = visible.indexOf(stop)
    const at = found < 0 || visible === text ? found : generatedIndex(text, found)
    if (at >= 0 && at < end) [end, stopReason] = [at, stop]
  }
  for (const [special, id] of SPECIAL_TOKENS) {
    const at = sampling.stopTokenIds.includes(id) ? text.indexOf(special) : -1
    if (at >= 0 && at < end) [end, stopReason] = [at, id]
  }
  return { said: text.slice(0, end), stopReason }
}

function shown(text: string): string {
  return pieces(text)
    .filter((piece) => !HIDDEN.has(piece))
    .join('')
}

/** Index in the generated text of the character at this index of what is shown. */
function generatedIndex(text: string, shownIndex: number): number {
  let generated = 0
  let seen = 0
  for (const piece of pieces(text)) {
    if (!HIDDEN.has(piece)) {
      if (seen + piece.length > shownIndex) return generated + shownIndex - seen
      seen += piece.length
    }
    generated += piece.length
  }
  return generated
}

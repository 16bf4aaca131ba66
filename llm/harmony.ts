// The channels of gpt-oss (harmony), in the two forms in which a completion shows them: with special tokens, and
// without, as servers give raw completions. Promises: what is not in the final channel is never a solution.

export interface Channels {
  /** What stands in analysis and commentary, in their order. */
  readonly thoughts: readonly string[]
  /** The final channel; null: it was not reached. */
  readonly final: string | null
}

/** Header of a message: its role where it is not the first, its channel (with a recipient), its content type. */
const HEADER = /(?:<\|start\|>[^<]*)?<\|channel\|>\s*(\w+)(?!\w)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>/g
const END = /<\|(?:end|return|call)\|>/
/** The same headers with special tokens skipped: role and channel run together. */
const SKIPPED = /assistant(analysis|commentary|final)/

/**
 * Reads the channels of a text; null: it has none. `expected`: the model is known to speak so, and a text that begins
 * with "analysis" but has no other channel is an unfinished thought.
 */
export function readChannels(text: string, expected: boolean): Channels | null {
  return text.includes('<|channel|>') ? withTokens(text) : withoutTokens(text, expected)
}

function withTokens(text: string): Channels | null {
  const headers = [...text.matchAll(HEADER)]
  const first = headers[0]
  // A header that was cut: the model had said nothing yet.
  if (first === undefined) return { thoughts: [content(text.slice(0, text.indexOf('<|channel|>')))], final: null }
  const thoughts = [content(text.slice(0, first.index))]
  let final: string | null = null
  for (const [index, header] of headers.entries()) {
    const said = content(text.slice(header.index + header[0].length, headers[index + 1]?.index))
    if (header[1] === 'final') final = final === null ? said : `${final}\n\n${said}`
    else thoughts.push(said)
  }
  return { thoughts, final }
}

/** Up to the token that ends the message. */
function content(text: string): string {
  const end = END.exec(text)
  return end === null ? text : text.slice(0, end.index)
}

/** The first "assistantfinal" ends the thoughts: what a solution says afterwards is its own. */
function withoutTokens(text: string, expected: boolean): Channels | null {
  const begun = /^\s*(analysis|commentary)/.exec(text)
  if (begun === null) {
    const direct = expected ? /^\s*(?:assistant)?final/.exec(text) : null
    return direct === null ? null : { thoughts: [], final: text.slice(direct[0].length) }
  }
  const thoughts: string[] = []
  let rest = text.slice(begun[0].length)
  for (;;) {
    const next = SKIPPED.exec(rest)
    if (next === null) break
    thoughts.push(rest.slice(0, next.index))
    rest = rest.slice(next.index + next[0].length)
    if (next[1] === 'final') return { thoughts, final: rest }
  }
  return expected || thoughts.length > 0 ? { thoughts: [...thoughts, rest], final: null } : null
}

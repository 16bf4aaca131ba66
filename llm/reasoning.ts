// Splits what a model said into its thought and its solution, for every shape in which servers give it.
// Promises: nothing but blanks at the ends is lost, and a thought that never closed is never a solution.

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

const OPEN = '<think>'
const CLOSE = '</think>'

/**
 * Splits at the first `</think>`; the opening tag is usually in the prompt, so it may be missing.
 *
 * Without a closing tag: an opening tag means an unfinished thought (solution empty), none means that the whole
 * text is the solution. `expectsThought` (models whose prompt already opens the thought) makes a text without a
 * closing tag an unfinished thought too.
 */
export function splitReasoning(said: Said, { expectsThought = false } = {}): SplitReasoning {
  const ended = said.finishReason === 'stop'
  const given = said.reasoning === null || said.reasoning.trim() === '' ? null : said.reasoning.trim()
  const close = said.text.indexOf(CLOSE)
  if (close >= 0) {
    const before = withoutOpening(said.text.slice(0, close))
    return closed(join(given, before), said.text.slice(close + CLOSE.length), ended)
  }
  // A server that splits gives no content for a thought that never closed.
  if (given !== null) return said.text.trim() === '' ? unfinished(given) : closed(given, said.text, ended)
  const open = said.text.indexOf(OPEN)
  if (open >= 0) return unfinished(join(said.text.slice(0, open), said.text.slice(open + OPEN.length)))
  if (expectsThought) return unfinished(said.text)
  const solution = said.text.trim()
  return { reasoning: null, solution, thought: 'none', complete: ended && solution !== '' }
}

function closed(thought: string, text: string, ended: boolean): SplitReasoning {
  const reasoning = thought.trim()
  const solution = text.trim()
  return {
    reasoning: reasoning === '' ? null : reasoning,
    solution,
    thought: 'closed',
    complete: ended && solution !== '',
  }
}

function unfinished(thought: string): SplitReasoning {
  const reasoning = thought.trim()
  return { reasoning: reasoning === '' ? null : reasoning, solution: '', thought: 'unfinished', complete: false }
}

function withoutOpening(thought: string): string {
  const trimmed = thought.trimStart()
  return trimmed.startsWith(OPEN) ? trimmed.slice(OPEN.length) : thought
}

function join(first: string | null, second: string): string {
  return [first ?? '', second]
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join('\n\n')
}

// What a judge of final answers would say: a question that shows a reference answer and a candidate in frames, under a
// schema whose verdict may be equal or different. The two are equal where they have the same words and signs, whatever
// their order and however they are set; small words do not count.

type Schema = Readonly<Record<string, unknown>>

export interface Ruling {
  readonly explanation: string
  readonly verdict: 'equal' | 'different' | 'undecided'
}

/** The ruling on a question; null where it or the schema is of another kind. */
export function ruleOn(question: string, schema: unknown): Ruling | null {
  if (!asksForVerdict(schema)) return null
  const frames = framesOf(question)
  const reference = frames.get('reference answer')
  const candidate = frames.get('candidate answer')
  const end = frames.get('end of the candidate solution')
  if (reference === undefined) return null
  const wanted = wordsOf(reference)
  if (candidate === undefined && end === undefined)
    return { explanation: 'No candidate is shown.', verdict: 'undecided' }
  const said = wordsOf(candidate ?? end ?? '')
  const missing = [...wanted].filter((word) => !said.has(word))
  // The end of a solution says more than the answer.
  const added = candidate === undefined ? [] : [...said].filter((word) => !wanted.has(word))
  if (missing.length === 0 && added.length === 0)
    return { explanation: 'Both say the same in other words.', verdict: 'equal' }
  const difference = [...missing.map((word) => `without ${word}`), ...added.map((word) => `with ${word}`)]
  return { explanation: `The candidate is ${difference.slice(0, 6).join(', ')}.`, verdict: 'different' }
}

function asksForVerdict(schema: unknown): boolean {
  const { properties } = (schema ?? {}) as { properties?: Schema }
  const { enum: options } = (properties?.['verdict'] ?? {}) as { enum?: unknown }
  return Array.isArray(options) && options.includes('equal') && options.includes('different')
}

function framesOf(question: string): Map<string, string> {
  const frames = question.matchAll(/=== ([a-z ]+) (\w+) begins ===\n([^]*?)\n=== \1 \2 ends ===/g)
  return new Map([...frames].map(([, name = '', , text = '']) => [name, text]))
}

const SMALL = new Set('a an the all any are is it of that which there so answer'.split(' '))

function wordsOf(text: string): Set<string> {
  const bare = text.toLowerCase().replaceAll(/\\(?:text|mathrm|textbf|operatorname|left|right|,|;|!| )|[{}$.,;:]/g, ' ')
  return new Set((bare.match(/\\[a-z]+|[\p{L}]+|[\d]+|[^\s\p{L}\d]/gu) ?? []).filter((word) => !SMALL.has(word)))
}

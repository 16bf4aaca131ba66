// Reads one line of a problem file. Promises: a line gives a problem or says in one sentence what is wrong with it.

export interface LineProblem {
  readonly text: string
  readonly referenceAnswer: string | null
  /** Further strings, numbers and booleans of the line. */
  readonly metadata: Record<string, string>
}

/** Fields that hold the problem, the first that a line has counts. */
export const PROBLEM_FIELDS = ['problem', 'question'] as const

/** Parses one line: an object with `problem` or `question`, and perhaps `answer` (a string or a number). */
export function readProblemLine(line: string): LineProblem | { readonly fault: string } {
  const parsed = parseObject(line)
  if ('fault' in parsed) return parsed
  const fields = parsed.object
  const name = PROBLEM_FIELDS.find((field) => Object.hasOwn(fields, field))
  if (name === undefined) {
    const others = Object.keys(fields).slice(0, 8).join(', ')
    return { fault: `there is no field "problem" or "question"; there is ${others === '' ? 'none at all' : others}` }
  }
  const text = fields[name]
  if (typeof text !== 'string') return { fault: `field "${name}" is ${kindOf(text)}, it must be a string` }
  const answer = fields['answer'] ?? null
  if (answer !== null && typeof answer !== 'string' && typeof answer !== 'number')
    return { fault: `field "answer" is ${kindOf(answer)}, it must be a string or a number` }
  const others = Object.entries(fields).filter(([field]) => field !== name && field !== 'answer')
  return {
    text: text.toWellFormed(),
    referenceAnswer:
      answer === null ? null : referenceOf(typeof answer === 'string' ? answer : writtenNumber(line, answer)),
    metadata: Object.fromEntries(
      others.flatMap(([field, value]) =>
        typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
          ? [[field.toWellFormed(), String(value).toWellFormed()]]
          : [],
      ),
    ),
  }
}

function parseObject(line: string): { object: Record<string, unknown> } | { fault: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return { fault: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { fault: `${kindOf(value)}, it must be one JSON object a line` }
  return { object: value as Record<string, unknown> }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The final answer of a worked one as GSM8K writes it (`… #### 42`), else the answer itself; null for blanks. */
function referenceOf(answer: string): string | null {
  const mark = answer.lastIndexOf('####')
  const final = (mark === -1 ? answer : answer.slice(mark + 4)).trim()
  return final === '' ? null : final.toWellFormed()
}

/** The digits of a number as the line wrote them: 0.10 and 12345678901234567890 would not survive as a double. */
function writtenNumber(line: string, value: number): string {
  let written = String(value)
  const reviver = (key: string, each: unknown, context?: { source?: string }): unknown => {
    if (key === 'answer' && each === value && context?.source !== undefined) written = context.source
    return each
  }
  JSON.parse(line, reviver)
  return written
}

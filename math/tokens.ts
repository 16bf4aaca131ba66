// Cuts LaTeX or plain mathematical text into tokens. One pass, linear; wrappers, styles and spaces are gone after it,
// synonyms have become one mark, and what stood in \text{…} is cut like the rest but remembers where it came from. Long because it is
// one loop over one state.

import { ParseFault } from './parse-fault.ts'
import {
  droppedWithArgument,
  functionNames,
  greekLetters,
  isKnownCommand,
  markCommands,
  silentCommands,
  structureCommands,
  textCommands,
  wrapperCommands,
} from './vocabulary.ts'

/**
 * number: digits with at most one point. letter: one variable. word: two or more letters in a row.
 * command: \frac and other structures. function: a function's name. mark: an operator, bracket or separator.
 */
export interface Token {
  readonly kind: 'number' | 'letter' | 'word' | 'command' | 'function' | 'mark'
  readonly text: string
  /** White space or a spacing command came before it. */
  readonly spaced: boolean
  /** It stood in \text{…} or a like command. */
  readonly prose: boolean
}

/** What a comma between digits means. grouping: 1,000 outside brackets; everywhere: inside too; decimal: 1,5; separator: never part of a number. */
export type CommaReading = 'grouping' | 'everywhere' | 'decimal' | 'separator'

const maximumTokens = 20_000
const maximumDigits = 3_000
const marksOfTwo = new Set(['<=', '>=', '!=', '==', '=>', '->', '=<'])
// The inner group is taken whole: giving back digits never helps, and would cost the square of their number.
const groupingComma = /(?=(\d{1,3}(?:,\d{3})+))\1(?![\d,]*\d)/y
const spacedGroups = /\d{1,3}(?:(?: |~|\\[,;: ]|\\thinspace )\d{3})+(?!\d)/y
const forcedGroups = /\d{1,3}(?:(?:\{,\}|,\s?\\!|\\!,|\\,\\!)\s?\d{3})+(?!\d)/y
const plainNumber = /\d+(?:\.\d+)?|\.\d+/y
const bracedDecimal = /\d+\{,\}\d+(?!\d*\{,)/y
const decimalComma = /\d+,\d+(?!\d*,)/y
const letters = /[A-Za-z]+/y
const fraction = /\.\d+/y
const repeating = /(\d*\.\d*)\\(?:overline|bar|dot)\s*\{?(\d+)\}?/y

const repeatingParts = /^(\d*\.\d*)\D+(\d+)\}?$/

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

/** The longest known command that a run of letters begins with: \quadx is \quad and x. */
function knownPrefix(name: string): string | null {
  for (let length = Math.min(name.length, 18); length >= 2; length -= 1) {
    const prefix = name.slice(0, length)
    if (isKnownCommand(prefix)) return prefix
  }
  return null
}

/** All tokens of the text. Throws ParseFault for commands it does not know and texts over its limits. */
export function tokenise(text: string, commas: CommaReading): Token[] {
  const tokens: Token[] = []
  // What the braces that are open stand for: true where they belong to \text{…}.
  const braces: boolean[] = []
  let depth = 0
  let prose = 0
  let spaced = false
  let pendingProse = false
  let at = 0

  const push = (kind: Token['kind'], value: string): void => {
    if (tokens.length >= maximumTokens) throw new ParseFault('too long')
    tokens.push({ kind, text: value, spaced, prose: prose > 0 })
    spaced = false
  }

  /** A number at `at`, with its thousands separators resolved; returns the length it takes up, 0 where there is none. */
  const readNumber = (): number => {
    const period = matchAt(repeating, text, at)
    if (period !== null && period.length < 100) {
      push('number', period.replace(repeatingParts, '$1($2)'))
      return period.length
    }
    const whole =
      matchAt(forcedGroups, text, at) ??
      (commas === 'everywhere' || (commas === 'grouping' && depth === 0) ? matchAt(groupingComma, text, at) : null) ??
      matchAt(spacedGroups, text, at)
    if (whole !== null) {
      const rest = matchAt(fraction, text, at + whole.length) ?? ''
      push('number', whole.replace(/\D/g, '') + rest)
      return whole.length + rest.length
    }
    if (commas === 'decimal' && depth === 0) {
      const decimal = matchAt(decimalComma, text, at)
      if (decimal !== null) {
        push('number', decimal.replace(',', '.'))
        return decimal.length
      }
    }
    const braced = matchAt(bracedDecimal, text, at)
    if (braced !== null) {
      push('number', braced.replace('{,}', '.'))
      return braced.length
    }
    const plain = matchAt(plainNumber, text, at)
    if (plain === null) return 0
    if (plain.length > maximumDigits) throw new ParseFault('number too long')
    push('number', plain)
    return plain.length
  }

  /** What a backslash begins. */
  const readCommand = (): void => {
    const next = text[at + 1] ?? ''
    const run = matchAt(letters, text, at + 1)
    if (run === null) {
      at += 2
      if (next === '\\') {
        // Doubled backslash: a row break, or a command (or bracket) that was escaped twice.
        const command = matchAt(letters, text, at)
        if (command !== null && isKnownCommand(command)) at -= 1
        else if (text[at] === '{' || text[at] === '}' || text[at] === '%' || text[at] === '$') at -= 1
        else push('mark', '\\\\')
      } else if (next === '$' && matchAt(/\s*[\d.]/y, text, at) !== null) push('mark', '$')
      else if (',;: >\n\t'.includes(next)) spaced = true
      else if (next === '!' || next === '/' || next === '$' || next === '-' || next === '(' || next === ')') return
      else if (next === '{') {
        push('mark', 'set(')
        depth += 1
      } else if (next === '}') {
        push('mark', 'set)')
        depth -= 1
      } else if (next === '|') push('mark', '‖')
      else if (next === '%') push('mark', '%')
      else if (next === '&' || next === '#' || next === '_') return
      else if (next === '[' || next === ']') push('mark', next)
      else if (next === '"' || next === "'") return
      else throw new ParseFault(`unknown command \\${next}`)
      return
    }
    const name = isKnownCommand(run) ? run : knownPrefix(run)
    if (name === null) throw new ParseFault(`unknown command \\${run}`)
    at += 1 + name.length
    if (silentCommands.has(name)) {
      if ((name === 'left' || name === 'right') && text[at] === '.') at += 1
      if (name.includes('space')) spaced = true
      return
    }
    if (droppedWithArgument.has(name)) {
      const argument = matchAt(/\s*\*?\{[^{}]*\}/y, text, at)
      at += argument?.length ?? 0
      spaced = true
      return
    }
    if (textCommands.has(name)) {
      if (matchAt(/\s*\{/y, text, at) !== null) pendingProse = true
      return
    }
    if (wrapperCommands.has(name)) return
    const mark = markCommands.get(name)
    if (mark === 'gap') push('mark', 'gap')
    else if (mark !== undefined) push('mark', mark)
    else if (structureCommands.has(name)) push('command', canonicalCommand(name))
    else if (functionNames.has(name)) push('function', name)
    else push('letter', greekLetters.has(name) ? `\\${name.replace(/^var(?=phi|epsilon|theta)/, '')}` : name)
  }

  while (at < text.length) {
    const character = text[at] ?? ''
    if (character === '\\') {
      readCommand()
      continue
    }
    if (/\s/.test(character) || character === '~') {
      spaced = true
      at += 1
      continue
    }
    if ((character >= '0' && character <= '9') || character === '.') {
      if (character === '.' && text.startsWith('...', at)) {
        push('mark', '…')
        at += 3
        continue
      }
      const taken = readNumber()
      if (taken === 0) {
        // A point that ends a sentence.
        at += 1
        spaced = true
      }
      at += taken
      continue
    }
    const run = matchAt(letters, text, at)
    if (run !== null) {
      push(run.length === 1 ? 'letter' : 'word', run)
      at += run.length
      continue
    }
    const two = text.slice(at, at + 2)
    if (marksOfTwo.has(two)) {
      push('mark', two === '==' ? '=' : two === '=<' ? '<=' : two)
      at += 2
      continue
    }
    at += 1
    if (character === '{') {
      const opensProse = pendingProse as boolean
      braces.push(opensProse)
      if (opensProse) {
        prose += 1
        spaced = true
      } else push('mark', '{')
      pendingProse = false
    } else if (character === '}') {
      const closesProse = braces.pop()
      if (closesProse === undefined) throw new ParseFault('brace without an opening one')
      if (closesProse) {
        prose -= 1
        spaced = true
      } else push('mark', '}')
    } else if ('(['.includes(character)) {
      push('mark', character)
      depth += 1
    } else if (')]'.includes(character)) {
      push('mark', character)
      depth -= 1
    } else if ("+-*/^_=<>|!,;:&%'".includes(character)) {
      push('mark', character)
    } else if ('$€£¥₹"?`'.includes(character)) spaced = true
    else throw new ParseFault(`unknown character ${character}`)
  }
  if (braces.length > 0) throw new ParseFault('brace that is never closed')
  return tokens
}

function canonicalCommand(name: string): string {
  if (name === 'dfrac' || name === 'tfrac' || name === 'cfrac') return 'frac'
  if (name === 'dbinom' || name === 'tbinom') return 'binom'
  return name
}

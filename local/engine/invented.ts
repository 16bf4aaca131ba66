// An endless supply of problems with known answers, without a recording: what ships with the project and what long
// benches use. Seeds next to each other give different problems (every text of a family has its own range of indexes
// and never repeats inside it); right and wrong solutions and their rewards follow from problem and seed.

import type { Author } from './author.ts'
import type { Engine } from './contract.ts'
import { ALGEBRA } from './invented-algebra.ts'
import { ARITHMETIC } from './invented-arithmetic.ts'
import { COUNTING } from './invented-counting.ts'
import { compileFamily } from './invented-frame.ts'
import type { Frame, Solution } from './invented-frame.ts'
import { GEOMETRY } from './invented-geometry.ts'
import { NUMBERS } from './invented-numbers.ts'
import { rightShare, writeGuess, writeSolution } from './invented-solution.ts'
import { firstWrongStep, stepLogits } from './invented-steps.ts'
import { forms } from './invented-value.ts'
import { createDice, hashNumbers, hashText } from './random.ts'
import { createTextEngine } from './text-engine.ts'
import { boxed } from './text-writing.ts'
import type { TextEngineOptions } from './text-engine.ts'

const REMEMBERED = 4096

/** An Engine that invents; see Author for what is decided how. */
export function createInvented(options: TextEngineOptions = {}): Engine {
  return createTextEngine(createInventor(), options)
}

/** The inventing author; it also answers and scores problems of others, as guesses. */
export function createInventor(): Author {
  const frames = [...ARITHMETIC, ...ALGEBRA, ...NUMBERS, ...COUNTING, ...GEOMETRY].flatMap(compileFamily)
  const byOpener = new Map<string, readonly Frame[]>()
  const recognise = remember((question: string) => {
    for (const frame of frames) {
      const solution = frame.read(question)
      if (solution !== null) return { solution, share: rightShare(createDice(hashText(formsOf(solution)))) }
    }
    return null
  })
  return {
    problem(seed, opener) {
      const begun = opener.trim()
      if (begun === '') return invent(frames, seed)
      let matching = byOpener.get(begun)
      if (matching === undefined) {
        matching = frames.filter(({ beginning }) => beginning.toLowerCase().startsWith(begun.toLowerCase()))
        if (byOpener.size < REMEMBERED) byOpener.set(begun, matching)
      }
      const space = /\s$/.test(opener) ? '' : ' '
      if (matching.length > 0) {
        const rest = invent(matching, seed).slice(begun.length)
        return space === '' ? rest.trimStart() : rest
      }
      // Nothing begins like this: the opener stands, and a whole problem follows it.
      const colon = space === '' || /[.:?!]$/.test(begun) ? '' : ':'
      return `${colon}${space}${invent(frames, seed)}`
    },
    answer(question, seed) {
      const known = recognise(question)
      const dice = createDice(hashText(question), seed)
      return known === null ? writeGuess(guess(question, dice), dice) : writeSolution(known.solution, known.share, dice)
    },
    reward(question, answer) {
      const known = recognise(question)
      const dice = createDice(hashText(answer), hashText(question))
      const right = known === null ? 0.5 : isRight(known.solution, answer) ? 1 : 0
      return Math.fround(-2 + 4.5 * right + 1.3 * dice.normal())
    },
    steps(question, steps) {
      const known = recognise(question)
      const whole = steps.join('\n\n')
      // To a problem that nobody here knows, a text goes wrong at one of its steps as often as not.
      const doubt = createDice(hashText(question), hashText(whole)).below(2 * steps.length)
      if (known === null) return stepLogits(question, steps, Math.min(doubt, steps.length))
      const right = isRight(known.solution, whole)
      return stepLogits(question, steps, right ? steps.length : firstWrongStep(known.solution, steps))
    },
  }
}

/** Each row of seeds takes every frame once, in an order of its own, and the row's number is the frame's index. */
function invent(frames: readonly Frame[], seed: number): string {
  const row = Math.floor(seed / frames.length)
  const place = seed - row * frames.length
  const frame = frames[(place + hashNumbers(row)) % frames.length]!
  const index = row % frame.size
  return frame.write(index < 0 ? index + frame.size : index)
}

function formsOf(solution: Solution): string {
  return forms(solution.answer).join(' ') + solution.steps.join(' ')
}

/** Whether the answer's last box, or else its last line, holds the right value in one of its forms. */
function isRight(solution: Solution, answer: string): boolean {
  const result = boxed(answer) ?? answer.trimEnd().split('\n').at(-1) ?? ''
  const known = forms(solution.answer)
  return known.includes(result.trim()) || known.some((form) => result.includes(`$${form}$`))
}

const GUESS_WEIGHTS = [0.55, 0.8, 0.93, 1]

/** One of four small numbers that belong to the question; the first is said more than half the time. */
function guess(question: string, dice: Dice): string {
  const draw = dice.uniform()
  const place = GUESS_WEIGHTS.findIndex((edge) => draw < edge)
  return String(1 + createDice(hashText(question), place).below(200))
}

type Dice = ReturnType<typeof createDice>

/** Keeps the last results: one problem is asked many times in a row. */
function remember<Value>(make: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const value = make(text)
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value!)
    known.set(text, value)
    return value
  }
}

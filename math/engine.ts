// The second opinion: @cortex-js/compute-engine on what our own grammar does not read (integrals, limits) or could not
// decide. The only file that knows the library. It has no time limit of its own: call it in a worker that can be killed.

import type { Expression, ComputeEngine } from '@cortex-js/compute-engine'

import type { Comparison } from './contract.ts'
import { seededValue } from './functions.ts'
import { readAnswer } from './read-answer.ts'
import { different, equal } from './verdicts.ts'

/** Compares two answers, or gives null where it has no opinion. */
export type SecondOpinion = (gold: string, pred: string) => Comparison | null

const maximumLength = 2000
const points = 4
const tolerance = 1e-9

/** Loads the engine (about 0.3 s, 60 MB) and returns what asks it. */
export async function loadSecondOpinion(): Promise<SecondOpinion> {
  const { ComputeEngine: Engine } = await import('@cortex-js/compute-engine')
  const engine = new Engine()
  return (gold, pred) => {
    try {
      return opinion(engine, readAnswer(gold).answer, readAnswer(pred).answer)
    } catch {
      // A fault inside the engine is no opinion.
      return null
    }
  }
}

/** The engine reads words as products of letters: prose and units are not for it. */
function isFormula(answer: string): boolean {
  if (answer.length > maximumLength || /\\(?:text|mbox|mathrm|operatorname)/.test(answer)) return false
  return !/[A-Za-z]{3,}/.test(answer.replace(/\\[A-Za-z]+/g, ' '))
}

/** Words, errors and relations are not for the engine: it calls every two of them different. */
function isExpression(expression: Expression): boolean {
  return (
    expression.isValid &&
    !expression.has([
      'Error',
      'Equal',
      'Less',
      'LessEqual',
      'Greater',
      'GreaterEqual',
      'Text',
      'Tuple',
      'List',
      'Set',
      'Sequence',
      'Delimiter',
    ])
  )
}

function numberOf(expression: Expression): number | null {
  const value = expression.N()
  const { re, im } = value
  return Number.isFinite(re) && (Number.isNaN(im) || Math.abs(im) < 1e-12) ? re : null
}

/** What our own grammar does not read. Towers and factorials of any size are left undecided: the engine would never end. */
const beyondUs = /\\(?:i{0,2}int|oint|lim)(?![A-Za-z])|\\(?:sum|prod)(?![A-Za-z]).*\\infty/s

function opinion(engine: ComputeEngine, gold: string, pred: string): Comparison | null {
  if (!beyondUs.test(gold) && !beyondUs.test(pred)) return null
  if (!isFormula(gold) || !isFormula(pred)) return null
  const left = engine.parse(gold)
  const right = engine.parse(pred)
  if (!isExpression(left) || !isExpression(right)) return null
  const unknowns = [...new Set([...left.unknowns, ...right.unknowns])]
  if (left.simplify().isSame(right.simplify())) return equal('engine')
  for (let point = 0; point < (unknowns.length === 0 ? 1 : points); point += 1) {
    const values = Object.fromEntries(unknowns.map((name) => [name, seededValue(`${name}:${point}`)]))
    const first = numberOf(left.subs(values))
    const second = numberOf(right.subs(values))
    if (first === null || second === null) return null
    const gap = Math.abs(first - second)
    const size = Math.max(1, Math.abs(first), Math.abs(second))
    if (gap > 1e-5 * size) return different('engine')
    // Quadrature is not exact: what is near but not at the other value is not decided.
    if (gap > tolerance * size) return null
  }
  return equal('engine')
}

// How much of a text is mathematics: numbers, operators, formulas and the words of mathematics among all its words.

import { wordsOf } from './prose.ts'

const SIGN = /\d+(?:[.,]\d+)*|\\[a-zA-Z]+|[=+^<>≤≥≠√π×÷∑∫∞%²³]|\$[^$\s]/g

const WORDS = new Set(
  (
    'two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen ' +
    'eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half third ' +
    'quarter twice triple double dozen zero number numbers digit digits integer integers fraction fractions ' +
    'decimal sum difference product quotient remainder divide divided divisible divisor divisors factor factors ' +
    'multiple multiples prime primes odd many fewer total average mean median mode range percent percentage ratio ' +
    'rate proportion equal equals equation equations inequality expression polynomial quadratic linear function ' +
    'functions graph slope intercept root roots square squares squared cube cubes cubed exponent logarithm ' +
    'sequence series term arithmetic geometric angle angles triangle triangles rectangle rectangles circle ' +
    'circles sphere polygon polygons pentagon hexagon octagon parallelogram trapezoid rhombus cone cylinder prism ' +
    'pyramid radius diameter circumference area perimeter volume width height vertex vertices diagonal diagonals ' +
    'parallel perpendicular degrees distance probability permutation permutations combination combinations ways ' +
    'set sets subset subsets union intersection matrix matrices determinant vector vectors derivative integral ' +
    'limit theorem prove proof modulo solve compute calculate simplify evaluate maximum minimum smallest largest ' +
    'least greatest sine cosine tangent coordinates axis variable variables coefficient coefficients rational ' +
    'irrational imaginary add subtract multiply plus minus per calculus algebra geometry statistics converges ' +
    'differentiable eigenvalue eigenvalues bijection topology'
  ).split(' '),
)

/** From 0 (no mathematics) to 1. */
export function mathShareOf(text: string): number {
  const signs = text.match(SIGN)?.length ?? 0
  const words = wordsOf(text.replace(/\\[a-zA-Z]+/g, ' '))
  const spoken = words.filter((word) => WORDS.has(word) || (word.endsWith('s') && WORDS.has(word.slice(0, -1)))).length
  const all = signs + words.length
  return all === 0 ? 0 : (signs + spoken) / all
}

// Makers of pairs for what is more than a number: intervals, sets, tuples, matrices, equations, inequalities, ±, complex
// numbers, functions, words and choices.

import { fraction, nearby } from './generate-numbers.ts'
import { latex, plain, type Maker } from './generate.ts'
import type { Random } from './random.ts'

function distinct(random: Random, count: number): number[] {
  const found = new Set<number>()
  while (found.size < count) found.add(random.whole(-20, 20))
  return [...found]
}

function signed(value: number): string {
  return value < 0 ? `${value}` : `+${value}`
}

function reordered<Item>(random: Random, items: readonly Item[]): Item[] {
  const rest = [...items]
  const taken: Item[] = []
  while (rest.length > 0) taken.push(...rest.splice(random.whole(0, rest.length - 1), 1))
  return taken
}

const intervals: Maker = (random, same) => {
  const lower = random.whole(-20, 20)
  const upper = lower + random.whole(1, 20)
  const [open, close] = [random.pick(['(', '['] as const), random.pick([')', ']'] as const)]
  const end = same ? upper : upper + random.whole(1, 5)
  // A changed bracket is a change as well.
  const flips = !same && random.chance()
  const left = flips ? (open === '(' ? '[' : '(') : open
  const last = flips ? upper : end
  const below = left === '(' ? '<' : '\\le '
  const above = close === ')' ? '<' : '\\le '
  const forms = [
    latex(`${left}${lower},${last}${close}`),
    latex(`${lower}${below}x${above}${last}`),
    latex(`x\\in ${left}${lower}, ${last}${close}`),
  ]
  return [latex(`${open}${lower},${upper}${close}`), random.pick(forms)]
}

const rays: Maker = (random, same) => {
  const end = random.whole(-20, 20)
  const other = nearby(random, end, same)
  const strict = random.chance()
  const forms = [
    latex(`x${strict ? '>' : '\\ge '}${other}`),
    latex(`${strict ? '(' : '['}${other},\\infty)`),
    latex(`${other}${strict ? '<' : '\\le '}x`),
  ]
  return [latex(`${strict ? '(' : '['}${end},\\infty)`), random.pick(forms)]
}

const unions: Maker = (random, same) => {
  const [a, b, c, d] = distinct(random, 4).sort((left, right) => left - right) as [number, number, number, number]
  const last = same ? d : d + 1
  const forms = [
    latex(`(${c},${last})\\cup(${a},${b}]`),
    latex(`(${a},${b}] \\cup (${c},${last})`),
    latex(`x\\in(${a},${b}]\\cup(${c},${last})`),
  ]
  return [latex(`(${a},${b}]\\cup(${c},${d})`), random.pick(forms)]
}

const sets: Maker = (random, same) => {
  const items = distinct(random, random.whole(2, 4))
  const others = same ? items : [...items.slice(1), 21]
  const mixed = reordered(random, others)
  const forms = [
    latex(`\\{${mixed.join(',')}\\}`),
    latex(`\\left\\{${mixed.join(', ')}\\right\\}`),
    latex(mixed.join(', ')),
    plain(`{${mixed.join(', ')}}`),
  ]
  return [latex(`\\{${items.join(',')}\\}`), random.pick(forms)]
}

const lists: Maker = (random, same) => {
  const [first, second] = distinct(random, 2) as [number, number]
  const other = same ? second : second + 41
  const forms = [
    latex(`${other},${first}`),
    latex(`x=${first}\\text{ or }x=${other}`),
    latex(`x=${other},x=${first}`),
    latex(`${first}\\text{ and }${other}`),
  ]
  return [latex(`${first}, ${second}`), random.pick(forms)]
}

const tuples: Maker = (random, same) => {
  const items = distinct(random, random.whole(2, 3))
  // The same items in another order are another point.
  const others = same
    ? items
    : random.chance()
      ? [...items].reverse()
      : items.map((item, index) => item + (index === 0 ? 1 : 0))
  const forms = [latex(`(${others.join(', ')})`), plain(`(${others.join(', ')})`)]
  if (items.length === 2) forms.push(latex(`(x,y)=(${others.join(',')})`), latex(`x=${others[0]},y=${others[1]}`))
  return [latex(`(${items.join(',')})`), random.pick(forms)]
}

const matrices: Maker = (random, same) => {
  const entries = Array.from({ length: 4 }, () => random.whole(-9, 9))
  const others = same ? entries : entries.map((entry, index) => (index === 2 ? entry + 1 : entry))
  const body = ([a, b, c, d]: readonly (number | string)[]): string => `${a} & ${b} \\\\ ${c} & ${d}`
  const forms = [
    latex(`\\begin{bmatrix}${body(others)}\\end{bmatrix}`),
    latex(`\\begin{pmatrix}${body(others)}\\end{pmatrix}`),
    latex(`\\frac12\\begin{pmatrix}${body(others.map((entry) => 2 * entry))}\\end{pmatrix}`),
    latex(`\\left(\\begin{array}{cc}${body(others)}\\end{array}\\right)`),
  ]
  return [latex(`\\begin{pmatrix}${body(entries)}\\end{pmatrix}`), random.pick(forms)]
}

const assignments: Maker = (random, same) => {
  const value = random.whole(-50, 50)
  const other = nearby(random, value, same)
  const name = random.pick(['x', 'n', 'k', 'S', 'AB'])
  return [latex(`${name}=${value}`), random.pick([latex(`${other}`), latex(`${name} = ${other}`), plain(`${other}`)])]
}

const equations: Maker = (random, same) => {
  const [a, b, c] = [random.whole(2, 9), random.whole(2, 9), random.nonzero(-20, 20)]
  const factor = random.nonzero(-3, 3)
  const other = same ? c : c + random.pick([1, -30])
  const forms = [
    latex(`${factor * a}x${signed(factor * b)}y=${factor * other}`),
    latex(`${a}x+${b}y${signed(-other)}=0`),
    latex(`y=\\frac{${other}-${a}x}{${b}}`),
  ]
  return [latex(`${a}x+${b}y=${c}`), random.pick(forms)]
}

const inequalities: Maker = (random, same) => {
  const [a, c] = [random.whole(2, 9), random.nonzero(-20, 20)]
  const sign = random.pick(['<', '\\le ', '>', '\\ge '] as const)
  const turned = { '<': '>', '\\le ': '\\ge ', '>': '<', '\\ge ': '\\le ' } as const
  const other = same
    ? sign
    : random.pick([turned[sign], ({ '<': '\\le ', '\\le ': '<', '>': '\\ge ', '\\ge ': '>' } as const)[sign]])
  const forms = [
    latex(`${c}${turned[other]}x`),
    latex(`${a}x${other}${a * c}`),
    latex(`-x${turned[other]}${-c}`),
    latex(`x${signed(-c)}${other}0`),
  ]
  return [latex(`x${sign}${c}`), random.pick(forms)]
}

const plusMinus: Maker = (random, same) => {
  const [center, root] = [random.whole(1, 20), random.pick([2, 3, 5, 7])]
  const forms = same
    ? [
        latex(`${center}+\\sqrt{${root}},${center}-\\sqrt{${root}}`),
        latex(`\\{${center}-\\sqrt{${root}},${center}+\\sqrt{${root}}\\}`),
      ]
    : [latex(`${center}+\\sqrt{${root}}`), latex(`${center + 1}\\pm\\sqrt{${root}}`), latex(`${center}\\pm${root}`)]
  return [latex(`${center}\\pm\\sqrt{${root}}`), random.pick(forms)]
}

const complexNumbers: Maker = (random, same) => {
  const [re, im] = [random.nonzero(-12, 12), random.whole(2, 12)]
  const other = same ? im : random.pick([-im, im + 1])
  const forms = [
    latex(`${other}i${signed(re)}`),
    latex(`${re}${signed(other)}i`),
    latex(`\\frac{${2 * re}${signed(2 * other)}i}{2}`),
    latex(`i(${other}${signed(-re)}i)`),
  ]
  return [latex(`${re}+${im}i`), random.pick(forms)]
}

const functions: Maker = (random, same) => {
  const [a, b] = [random.nonzero(-9, 9), random.nonzero(-9, 9)]
  const shift = same ? 0 : random.pick([1, -1])
  const name = random.pick(['x', 'n', 't'])
  return random.pick([
    [
      latex(`(${name}${signed(a)})(${name}${signed(b)})`),
      latex(`${name}^2${signed(a + b + 100)}${name}-100${name}${signed(a * b + shift)}`),
    ],
    [latex(`(${name}${signed(a)})^2`), latex(`${name}^2${signed(2 * a)}${name}${signed(a * a + shift)}`)],
    [latex(`\\frac{${name}}{2}${signed(a)}`), latex(`\\frac{${name}${signed(2 * a + shift)}}{2}`)],
    [latex(`2^{${name}+${Math.abs(a)}}`), latex(`${2 ** Math.abs(a) + shift}\\cdot2^{${name}}`)],
    [latex(`\\sin(2${name})`), latex(`${same ? 2 : 3}\\sin(${name})\\cos(${name})`)],
    [latex(`\\ln(${name}^{${Math.abs(a) + 1}})`), latex(`${Math.abs(a) + 1 + shift}\\ln(${name})`)],
    [latex(`\\frac{1}{${name}}+\\frac{1}{${name}+1}`), latex(`\\frac{2${name}+${1 + shift}}{${name}(${name}+1)}`)],
    [latex(`e^{${name}+${Math.abs(b)}}`), latex(`e^{${name}}e^{${Math.abs(b) + shift}}`)],
  ])
}

const words: Maker = (random, same) => {
  const groups = [
    ['Monday', 'Tuesday', 'Friday'],
    ['even', 'odd'],
    ['True', 'False'],
    ['Yes', 'No'],
    ['Evelyn', 'Angela', 'Carla'],
    ['parabola', 'ellipse', 'circle'],
    ['increasing', 'decreasing'],
  ]
  const group = random.pick(groups)
  const gold = random.pick(group)
  const pred = same ? gold : random.pick(group.filter((word) => word !== gold))
  return [
    latex(`\\text{${gold}}`),
    random.pick([latex(`\\text{${pred}}`), plain(pred), latex(`\\text{${pred.toLowerCase()}}`)]),
  ]
}

const choices: Maker = (random, same) => {
  const letters = ['A', 'B', 'C', 'D', 'E']
  const gold = random.pick(letters)
  const pred = same ? gold : random.pick(letters.filter((letter) => letter !== gold))
  const forms = [
    plain(pred),
    latex(`\\text{(${pred})}`),
    latex(`\\textbf{(${pred})}`),
    plain(`(${pred})`),
    latex(`\\textbf{(${pred})}\\ ${random.whole(2, 99)}`),
  ]
  return [random.pick([latex(`\\text{${gold}}`), latex(`\\text{(${gold})}`), plain(gold)]), random.pick(forms)]
}

const points: Maker = (random, same) => {
  const { above, below } = fraction(random)
  const [first, second] = distinct(random, 2) as [number, number]
  const other = same ? first : first + 1
  return [
    latex(`(${first},\\frac{${above}}{${below}}),(${second},0)`),
    latex(`(${second},0),(${other},\\frac{${2 * above}}{${2 * below}})`),
  ]
}

/** The makers by kind. */
export const structureMakers = {
  intervals,
  rays,
  unions,
  sets,
  lists,
  tuples,
  points,
  matrices,
  assignments,
  equations,
  inequalities,
  'plus-minus': plusMinus,
  'complex numbers': complexNumbers,
  functions,
  words,
  choices,
}

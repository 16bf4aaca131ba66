// Makers of pairs for what is one number: units, percent, money, separators, degrees, mixed numbers, powers of ten, fractions.

import { latex, plain, type Maker, type Written } from './generate.ts'
import type { Random } from './random.ts'

function divisor(left: number, right: number): number {
  return right === 0 ? Math.abs(left) : divisor(right, left % right)
}

/** A proper fraction in lowest terms that is no whole number. */
export function fraction(random: Random): { above: number; below: number } {
  for (;;) {
    const below = random.whole(2, 12)
    const above = random.whole(1, below - 1)
    if (divisor(above, below) === 1) return { above, below }
  }
}

/** The number, or another one that is near it in spelling. */
export function nearby(random: Random, value: number, same: boolean): number {
  return same ? value : value + random.pick([1, -1, 10, 100])
}

function grouped(value: number, separator: string): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, separator)
}

const measures = [
  ['cm', 'centimeters'],
  ['m', 'meters'],
  ['km', 'kilometers'],
  ['kg', 'kilograms'],
  ['g', 'grams'],
  ['L', 'liters'],
] as const
const scaled = [
  ['m', 'cm', 100],
  ['km', 'm', 1000],
  ['kg', 'g', 1000],
  ['hours', 'minutes', 60],
  ['feet', 'inches', 12],
] as const

const units: Maker = (random, same) => {
  const value = random.whole(2, 900)
  const other = nearby(random, value, same)
  if (random.chance()) {
    const [large, small, factor] = random.pick(scaled)
    return [latex(`${value}\\text{ ${large}}`), latex(`${other * factor}\\text{ ${small}}`)]
  }
  const [short, long] = random.pick(measures)
  const power = random.pick(['', '', '^2', '^3'])
  const forms: Written[] = [
    latex(`${other}\\text{ ${short}}${power}`),
    latex(`${other}\\,\\mathrm{${short}}${power}`),
    latex(`${other}`),
  ]
  if (power === '') forms.push(plain(`${other} ${long}`))
  return [latex(`${value}\\text{ ${short}}${power}`), random.pick(forms)]
}

const percent: Maker = (random, same) => {
  const value = random.whole(1, 99)
  const other = same ? value : ((value + random.whole(1, 40)) % 99) + 1
  // What is 100 times apart is the same percentage to a kind reader.
  const unlike = same || other !== value ? other : other + 1
  const forms = [latex(`${unlike}\\%`), plain(`${unlike}%`), plain(`${unlike} percent`)]
  if (same) forms.push(latex(`\\frac{${value}}{100}`), latex((value / 100).toFixed(2)))
  return [latex(`${value}\\%`), random.pick(forms)]
}

const currency: Maker = (random, same) => {
  const value = random.whole(2, 9999)
  const other = nearby(random, value, same)
  const cents = random.pick(['', '.00', '.50'])
  const sum = `${other}${cents}`
  const forms = [
    latex(`\\$${sum}`),
    plain(`${sum} dollars`),
    latex(`\\$${grouped(other, ',')}${cents}`),
    latex(`${sum}\\text{ dollars}`),
    latex(sum),
  ]
  return [latex(`\\$${value}${cents}`), random.pick(forms)]
}

const thousands: Maker = (random, same) => {
  const value = random.whole(1000, 99_999_999)
  const other = nearby(random, value, same)
  const forms = [
    plain(grouped(other, ',')),
    latex(grouped(other, ',')),
    latex(grouped(other, '{,}')),
    latex(grouped(other, ',\\!')),
    plain(grouped(other, ' ')),
    latex(grouped(other, '\\,')),
  ]
  return [random.pick([latex(`${value}`), latex(grouped(value, ','))]), random.pick(forms)]
}

const decimalCommas: Maker = (random, same) => {
  const whole = random.whole(0, 300)
  const places = `${random.whole(0, 9)}${random.whole(1, 9)}`
  const other = nearby(random, whole, same)
  return [latex(`${whole}.${places}`), random.pick([plain(`${other},${places}`), latex(`${other}{,}${places}`)])]
}

const degrees: Maker = (random, same) => {
  const value = random.whole(1, 12) * 15
  const other = same ? value : value + random.pick([15, 30, 45])
  const shared = divisor(other, 180)
  const above = other / shared === 1 ? '\\pi' : `${other / shared}\\pi`
  const forms = [latex(`${other}^\\circ`), latex(`${other}^{\\circ}`), plain(`${other}°`), plain(`${other} degrees`)]
  if (other !== 180) forms.push(latex(`\\frac{${above}}{${180 / shared}}`))
  forms.push(latex(`${other}`))
  return [latex(`${value}^\\circ`), random.pick(forms)]
}

const mixedNumbers: Maker = (random, same) => {
  const whole = random.whole(1, 30)
  const { above, below } = fraction(random)
  const sign = random.pick(['', '', '-'])
  const other = same ? whole : whole + random.whole(1, 3)
  const forms = [
    latex(`${sign}${other}\\frac{${above}}{${below}}`),
    latex(`${sign}\\frac{${other * below + above}}{${below}}`),
    plain(`${sign}${other * below + above}/${below}`),
    plain(`${sign}${other} ${above}/${below}`),
  ]
  return [latex(`${sign}${whole}\\frac{${above}}{${below}}`), random.pick(forms)]
}

const scientific: Maker = (random, same) => {
  const digits = random.whole(11, 99)
  const exponent = random.whole(2, 8)
  const unlike = same ? exponent : exponent + random.pick([1, -1])
  const mantissa = `${Math.floor(digits / 10)}.${digits % 10}`
  const forms = [
    latex(`${mantissa}\\times10^{${unlike}}`),
    latex(`${mantissa}\\cdot 10^${unlike}`),
    latex(`${BigInt(digits) * 10n ** BigInt(unlike - 1)}`),
    plain(`${mantissa}e${unlike}`),
    plain(grouped(digits * 10 ** (unlike - 1), ',')),
  ]
  return [latex(`${mantissa} \\times 10^{${exponent}}`), random.pick(forms)]
}

const fractions: Maker = (random, same) => {
  const { above, below } = fraction(random)
  const factor = random.whole(2, 9)
  const top = same ? above : above + below * random.whole(1, 3)
  const forms = [
    latex(`\\frac{${top * factor}}{${below * factor}}`),
    plain(`${top}/${below}`),
    latex(`${top}/${below}`),
    latex(`\\frac{-${top}}{-${below}}`),
    latex(`1-\\frac{${below - top}}{${below}}`),
  ]
  return [latex(`\\frac{${above}}{${below}}`), random.pick(forms)]
}

const roots: Maker = (random, same) => {
  const inside = random.pick([2, 3, 5, 6, 7, 10, 11])
  const factor = random.whole(2, 9)
  const other = same ? factor : factor + 1
  const forms = [
    latex(`\\sqrt{${other * other * inside}}`),
    latex(`${other}\\cdot ${inside}^{1/2}`),
    latex(`\\frac{${other * inside}}{\\sqrt{${inside}}}`),
    plain(`${other}*sqrt(${inside})`),
  ]
  return [latex(`${factor}\\sqrt{${inside}}`), random.pick(forms)]
}

/** The makers by kind. */
export const numberMakers = {
  units,
  percent,
  currency,
  thousands,
  'decimal commas': decimalCommas,
  degrees,
  'mixed numbers': mixedNumbers,
  scientific,
  fractions,
  roots,
}

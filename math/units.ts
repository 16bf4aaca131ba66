// Units of measurement: which words are units, and which two units measure the same thing at another scale, simple ones
// (cm, cm^2) and compound ones (km/h). A unit that is not in the table, or that only one side has, is ignored.

import { rational, type Rational } from './rational.ts'

interface Unit {
  readonly dimension: string
  readonly scale: number
}

const table: readonly (readonly [dimension: string, scale: number, names: string])[] = [
  ['length', 1e-9, 'nm nanometer nanometers'],
  ['length', 1e-6, 'micrometer micrometers micron microns'],
  ['length', 1e-3, 'mm millimeter millimeters millimetre millimetres'],
  ['length', 1e-2, 'cm centimeter centimeters centimetre centimetres'],
  ['length', 0.1, 'dm decimeter decimeters decimetre decimetres'],
  ['length', 1, 'm meter meters metre metres'],
  ['length', 1e3, 'km kilometer kilometers kilometre kilometres'],
  ['length', 0.0254, 'in inch inches'],
  ['length', 0.3048, 'ft foot feet'],
  ['length', 0.9144, 'yd yard yards'],
  ['length', 1609.344, 'mi mile miles'],
  ['time', 1e-3, 'ms millisecond milliseconds'],
  ['time', 1, 's sec secs second seconds'],
  ['time', 60, 'min mins minute minutes'],
  ['time', 3600, 'h hr hrs hour hours'],
  ['time', 86400, 'day days'],
  ['time', 604800, 'week weeks'],
  ['mass', 1e-6, 'mg milligram milligrams'],
  ['mass', 1e-3, 'g gram grams'],
  ['mass', 1, 'kg kilogram kilograms'],
  ['mass', 1e3, 'tonne tonnes'],
  ['mass', 0.45359237, 'lb lbs pound pounds'],
  ['mass', 0.028349523125, 'oz ounce ounces'],
  ['volume', 1e-6, 'ml milliliter milliliters millilitre millilitres'],
  ['volume', 1e-3, 'l liter liters litre litres'],
  ['volume', 0.003785411784, 'gallon gallons gal'],
  ['volume', 0.000946352946, 'quart quarts'],
  ['volume', 0.000473176473, 'pint pints'],
  ['money', 1, 'dollar dollars usd'],
  ['money', 0.01, 'cent cents'],
  ['half-day', 1, 'am'],
  ['half-day-later', 1, 'pm'],
]

const units = new Map<string, Unit>(
  table.flatMap(([dimension, scale, names]) => names.split(' ').map((name) => [name, { dimension, scale }] as const)),
)
const compounds = new Map([
  ['mph', 'mile/hour'],
  ['kph', 'km/h'],
  ['kmh', 'km/h'],
  ['kmph', 'km/h'],
])

const otherUnits = new Set(
  `degree degrees deg radian radians rad unit units square sq cubic cu per percent pct people person persons students
  apples euro euros yen rupees mph kph kmh kmph km/h month months year years hz khz n newton newtons j joule joules kj w watt
  watts kw v volt volts a ohm ohms pa kpa atm mol moles k cup cups ways way
  times points point steps integers solutions numbers digits pairs sets terms values each total acres squared cubed`.split(
    /\s+/,
  ),
)

/** True for a word (in lower case) that may follow a number without changing it. */
export function isUnitWord(word: string): boolean {
  return units.has(word) || otherUnits.has(word)
}

/** What a unit measures, as powers of dimensions, and its size; null where a part of it is not in the table. */
function measureOf(unit: string): { readonly powers: ReadonlyMap<string, number>; readonly scale: number } | null {
  const powers = new Map<string, number>()
  let scale = 1
  for (const [index, side] of (compounds.get(unit) ?? unit).split('/').entries()) {
    for (const part of side.split('*')) {
      const [name = '', power = '1'] = part.split('^')
      const known = units.get(name)
      if (known === undefined) return null
      const exponent = Number(power) * (index === 0 ? 1 : -1)
      // A litre is a cube of lengths.
      const [dimension, times] = known.dimension === 'volume' ? ['length', 3] : [known.dimension, 1]
      powers.set(dimension, (powers.get(dimension) ?? 0) + exponent * times)
      scale *= known.scale ** exponent
    }
  }
  return { powers, scale }
}

/**
 * How many of `to` one `from` is: a factor; 'apart' where the two measure different things; 'power' where they differ in
 * the power of one thing only (cm and cm²: often a slip of the pen); null where one of them is not in the table.
 * unit: names with powers, joined by * and /: "cm^2", "m/s^2".
 */
export function conversion(from: string, to: string): number | 'apart' | 'power' | null {
  const left = measureOf(from)
  const right = measureOf(to)
  if (left === null || right === null) return null
  const [ours, theirs] = [[...left.powers], [...right.powers]]
  if (ours.length === theirs.length && ours.every(([name, power]) => right.powers.get(name) === power))
    return left.scale / right.scale
  const sameThings = ours.length === theirs.length && ours.every(([name]) => right.powers.has(name))
  return sameThings ? 'power' : 'apart'
}

/** A factor between units as a fraction, up to twelve decimal places. */
export function rationalOf(factor: number): Rational {
  const places = 12
  return rational(BigInt(Math.round(factor * 10 ** places)), 10n ** BigInt(places))
}

// Units of measurement: which words are units, what they measure and at which scale, simple ones (cm, cm^2) and compound
// ones (km/h). The table holds what problems use; how two units that are not both in it compare is said at kinship.

import { rational, type Rational } from './rational.ts'

/** A product of powers of dimensions ("length^2 time^-1") and the size in its base unit (m, s, kg, A, radian, mol). */
const table: readonly (readonly [dimensions: string, scale: number, names: string])[] = [
  ['length', 1e-9, 'nm nanometer nanometers nanometre nanometres'],
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
  ['length^2', 4046.8564224, 'acre acres'],
  ['length^2', 1e4, 'ha hectare hectares'],
  ['time', 1e-3, 'ms millisecond milliseconds'],
  ['time', 1, 's sec secs second seconds'],
  ['time', 60, 'min mins minute minutes'],
  ['time', 3600, 'h hr hrs hour hours'],
  ['time', 86400, 'day days'],
  ['time', 604800, 'week weeks'],
  ['calendar', 1, 'month months'],
  ['calendar', 12, 'year years yr yrs'],
  ['calendar', 120, 'decade decades'],
  ['calendar', 1200, 'century centuries'],
  ['time^-1', 1, 'hz hertz'],
  ['time^-1', 1e3, 'khz kilohertz'],
  ['time^-1', 1e6, 'mhz megahertz'],
  ['time^-1', 1e9, 'ghz gigahertz'],
  ['mass', 1e-6, 'mg milligram milligrams'],
  ['mass', 1e-3, 'g gram grams'],
  ['mass', 1, 'kg kilogram kilograms'],
  ['mass', 1e3, 'tonne tonnes'],
  ['mass', 907.18474, 'ton tons'],
  ['mass', 1e3, 'ton tons'],
  ['mass', 0.45359237, 'lb lbs pound pounds'],
  ['mass', 0.028349523125, 'oz ounce ounces'],
  ['length^3', 1e-6, 'ml milliliter milliliters millilitre millilitres'],
  ['length^3', 1e-3, 'l liter liters litre litres'],
  ['length^3', 0.003785411784, 'gallon gallons gal'],
  ['length^3', 0.000946352946, 'quart quarts'],
  ['length^3', 0.000473176473, 'pint pints'],
  ['length^3', 0.0002365882365, 'cup cups'],
  ['length^3', 0.0000295735295625, 'oz ounce ounces'],
  ['length^3', 0.00001478676478125, 'tablespoon tablespoons tbsp'],
  ['length^3', 0.00000492892159375, 'teaspoon teaspoons tsp'],
  ['mass length time^-2', 1, 'n newton newtons'],
  ['mass length time^-2', 1e3, 'kn kilonewton kilonewtons'],
  ['mass length^2 time^-2', 1, 'j joule joules'],
  ['mass length^2 time^-2', 1e3, 'kj kilojoule kilojoules'],
  ['mass length^2 time^-3', 1, 'w watt watts'],
  ['mass length^2 time^-3', 1e3, 'kw kilowatt kilowatts'],
  ['mass length^-1 time^-2', 1, 'pa pascal pascals'],
  ['mass length^-1 time^-2', 1e3, 'kpa kilopascal kilopascals'],
  ['mass length^-1 time^-2', 101325, 'atm atmosphere atmospheres'],
  ['mass length^2 time^-3 current^-1', 1, 'v volt volts'],
  ['mass length^2 time^-3 current^-2', 1, 'ohm ohms'],
  ['current', 1, 'a amp amps ampere amperes'],
  ['substance', 1, 'mol mols mole moles'],
  ['angle', 1, 'rad rads radian radians'],
  ['angle', Math.PI / 180, 'deg degree degrees'],
  ['dollar', 1, 'dollar dollars usd buck bucks'],
  ['dollar', 0.01, 'cent cents'],
  ['euro', 1, 'euro euros eur'],
  ['euro', 0.01, 'cent cents'],
  ['sterling', 1, 'sterling gbp pound pounds'],
  ['sterling', 0.01, 'pence penny'],
  ['dollar', 0.01, 'penny pennies'],
  ['yen', 1, 'yen jpy'],
  ['yuan', 1, 'yuan cny rmb yen'],
  ['rupee', 1, 'rupee rupees inr'],
  ['rupee', 0.01, 'paise'],
  ['half-day', 1, 'am'],
  ['half-day-later', 1, 'pm'],
]

interface Measure {
  readonly powers: ReadonlyMap<string, number>
  readonly scale: number
}

function powersOf(dimensions: string): ReadonlyMap<string, number> {
  return new Map(
    dimensions.split(' ').map((part) => {
      const [name = '', power = '1'] = part.split('^')
      return [name, Number(power)] as const
    }),
  )
}

/** Some names mean several things: ounces of gold and of water. */
const units = new Map<string, readonly Measure[]>()
for (const [dimensions, scale, names] of table) {
  const measure = { powers: powersOf(dimensions), scale }
  for (const name of names.split(' ')) units.set(name, [...(units.get(name) ?? []), measure])
}

const compounds = new Map([
  ['mph', 'mile/hour'],
  ['mpg', 'mile/gallon'],
  ['kph', 'km/h'],
  ['kmh', 'km/h'],
  ['kmph', 'km/h'],
])

/** Where a scale of temperature has its zero, and the size of its degree, in kelvin. */
const temperatures = new Map<string, { readonly zero: Rational; readonly degree: Rational }>([
  ['celsius', { zero: rational(27315n, 100n), degree: rational(1n) }],
  ['fahrenheit', { zero: rational(45967n, 180n), degree: rational(5n, 9n) }],
  ['kelvin', { zero: rational(0n), degree: rational(1n) }],
  ['kelvins', { zero: rational(0n), degree: rational(1n) }],
  ['k', { zero: rational(0n), degree: rational(1n) }],
])

/** Words that say only that something is counted. */
const counters = new Set(
  `unit units square sq cubic cu per percent pct way ways times points point steps integers solutions numbers digits pairs
  sets terms values each total squared cubed`.split(/\s+/),
)

/** In plain text rather products of letters: 2ha, 3yr. */
const letters = new Set('ha kn yr amp'.split(' '))

const things = new Set('people person persons students apples'.split(' '))

/** True for a word (in lower case) that may follow a number without changing it. */
export function isUnitWord(word: string): boolean {
  if (letters.has(word)) return false
  return units.has(word) || compounds.has(word) || temperatures.has(word) || counters.has(word) || things.has(word)
}

/** The scale of temperature that a unit names; null for other units. */
export function temperatureScale(unit: string): { readonly zero: Rational; readonly degree: Rational } | null {
  return temperatures.get(unit) ?? null
}

/** What a unit may measure, as powers of dimensions, and its size; empty where a part of it is not in the table. */
function measuresOf(unit: string): readonly Measure[] {
  let measures: readonly Measure[] = [{ powers: new Map(), scale: 1 }]
  for (const [index, side] of (compounds.get(unit) ?? unit).split('/').entries()) {
    for (const part of side.split('*')) {
      const [name = '', power = '1'] = part.split('^')
      const exponent = Number(power) * (index === 0 ? 1 : -1)
      const meanings = units.get(name) ?? []
      measures = measures.flatMap((measure) => meanings.map((meaning) => multiplied(measure, meaning, exponent)))
      if (measures.length > 8) measures = measures.slice(0, 8)
    }
  }
  return measures
}

function multiplied(measure: Measure, factor: Measure, exponent: number): Measure {
  const powers = new Map(measure.powers)
  for (const [name, power] of factor.powers) {
    const total = (powers.get(name) ?? 0) + power * exponent
    if (total === 0) powers.delete(name)
    else powers.set(name, total)
  }
  return { powers, scale: measure.scale * factor.scale ** exponent }
}

function sameDimensions(left: Measure, right: Measure): boolean {
  return (
    left.powers.size === right.powers.size &&
    [...left.powers].every(([name, power]) => right.powers.get(name) === power)
  )
}

/** How many of `to` one `from` may be: several where a name means several things, empty where they do not convert. */
export function factorsBetween(from: string, to: string): readonly number[] {
  const theirs = measuresOf(to)
  return measuresOf(from).flatMap((measure) =>
    theirs.filter((other) => sameDimensions(measure, other)).map((other) => measure.scale / other.scale),
  )
}

/** How many of `to` one `from` is, or null where they do not convert. unit: names with powers, joined by * and /: "cm^2", "m/s^2". */
export function conversion(from: string, to: string): number | null {
  return factorsBetween(from, to)[0] ?? null
}

/** Lengths and times (also in months) that differ in their powers alone. */
function powersAlone(left: Measure, right: Measure): boolean {
  const [ours, theirs] = [left, right].map(({ powers }) =>
    [...powers.keys()].sort().join(' ').replace('calendar', 'time'),
  )
  return ours === theirs && ours !== undefined && /^(?:length|time|length time)$/.test(ours)
}

/** "apples", "apple": one thing. */
function singular(name: string): string {
  if (name === 'people' || name === 'persons') return 'person'
  return name.length > 3 ? name.replace(/(?:(?<=[sxz]|[cs]h)es|s)$/, '') : name
}

/**
 * What two units that do not convert have to do with each other. same: one name, or one of them only counts; apart: both
 * are in the table and measure different things; unlike: it cannot be told (cm and cm², often a slip of the pen; months and
 * days; apples and pears).
 */
export function kinship(left: string, right: string): 'same' | 'apart' | 'unlike' {
  if (left === right || singular(left) === singular(right)) return 'same'
  if ([left, right].some((unit) => counters.has(unit.replace(/\^\d$/, '')))) return 'same'
  // 25 degrees may be of any scale.
  if (
    [left, right].some((unit) => /^deg(?:rees?)?$/.test(unit)) &&
    [left, right].some((unit) => temperatures.has(unit))
  )
    return 'same'
  const [ours, theirs] = [measuresOf(left), measuresOf(right)]
  const scales = [left, right].map((unit) => temperatures.has(unit))
  if (scales.includes(true)) return ours.length + theirs.length > 0 && scales.includes(false) ? 'apart' : 'unlike'
  if (ours.length === 0 || theirs.length === 0) return 'unlike'
  return ours.some((measure) => theirs.some((other) => powersAlone(measure, other))) ? 'unlike' : 'apart'
}

/** The seconds of a mean month: what months and days have to do with each other. */
const month = 2_629_746

/** About how many of `to` one `from` is, where one counts months and the other days; null for all others. */
export function roughFactor(from: string, to: string): number | null {
  const [left, right] = [from, to].map((unit) => {
    const [measure] = measuresOf(unit)
    if (measure?.powers.size !== 1) return null
    if (measure.powers.get('calendar') === 1) return measure.scale * month
    return measure.powers.get('time') === 1 ? measure.scale : null
  })
  return left === null || left === undefined || right === null || right === undefined ? null : left / right
}

/** True for a unit of which the table has every part. */
export function isMeasured(unit: string): boolean {
  return temperatures.has(unit) || measuresOf(unit).length > 0
}

/** A factor between units as a fraction, up to twelve decimal places. */
export function rationalOf(factor: number): Rational {
  const places = 12
  return rational(BigInt(Math.round(factor * 10 ** places)), 10n ** BigInt(places))
}

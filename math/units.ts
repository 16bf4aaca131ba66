// Units of measurement: which words are units, and which two units measure the same thing at another scale.
// A unit that is not in the table, or that only one side has, is ignored.

interface Unit {
  readonly dimension: string
  readonly scale: number
}

const table: readonly (readonly [dimension: string, scale: number, names: string])[] = [
  ['length', 1e-9, 'nm nanometer nanometers'],
  ['length', 1e-3, 'mm millimeter millimeters millimetre millimetres'],
  ['length', 1e-2, 'cm centimeter centimeters centimetre centimetres'],
  ['length', 0.1, 'dm decimeter decimeters decimetre decimetres'],
  ['length', 1, 'm meter meters metre metres'],
  ['length', 1e3, 'km kilometer kilometers kilometre kilometres'],
  ['length', 0.0254, 'inch inches'],
  ['length', 0.3048, 'ft foot feet'],
  ['length', 0.9144, 'yd yard yards'],
  ['length', 1609.344, 'mi mile miles'],
  ['time', 1, 's sec secs second seconds'],
  ['time', 60, 'min mins minute minutes'],
  ['time', 3600, 'h hr hrs hour hours'],
  ['time', 86400, 'day days'],
  ['time', 604800, 'week weeks'],
  ['mass', 1e-6, 'mg milligram milligrams'],
  ['mass', 1e-3, 'g gram grams'],
  ['mass', 1, 'kg kilogram kilograms'],
  ['mass', 0.45359237, 'lb lbs pound pounds'],
  ['mass', 0.028349523125, 'oz ounce ounces'],
  ['volume', 1e-6, 'ml milliliter milliliters'],
  ['volume', 1e-3, 'l liter liters litre litres'],
  ['money', 1, 'dollar dollars usd'],
  ['money', 0.01, 'cent cents'],
]

const units = new Map<string, Unit>(
  table.flatMap(([dimension, scale, names]) => names.split(' ').map((name) => [name, { dimension, scale }] as const)),
)

const otherUnits = new Set(
  `in degree degrees deg radian radians rad unit units square sq cubic cu per percent pct people person persons students
  apples euro euros yen rupees mph kph kmh km/h month months year years hz khz n newton newtons j joule joules kj w watt
  watts kw v volt volts a ohm ohms pa kpa atm mol moles k gallon gallons quart quarts pint pints cup cups inches ways way
  times points point steps integers solutions numbers digits pairs sets terms values each total acres`.split(/\s+/),
)

/** True for a word (in lower case) that may follow a number without changing it. */
export function isUnitWord(word: string): boolean {
  return units.has(word) || otherUnits.has(word)
}

/**
 * How many of `to` one `from` is, when both are in the table and measure the same with the same power;
 * null when that is not known. unit: a name, or a name and a power ("cm^2").
 */
export function conversion(from: string, to: string): number | null {
  const [fromName = '', fromPower = '1'] = from.split('^')
  const [toName = '', toPower = '1'] = to.split('^')
  const left = units.get(fromName)
  const right = units.get(toName)
  if (left === undefined || right === undefined || fromPower !== toPower) return null
  if (left.dimension !== right.dimension) return null
  return (left.scale / right.scale) ** Number(fromPower)
}

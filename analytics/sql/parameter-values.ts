// Whether ClickHouse would take a parameter's text for another value than the one that was written. It wraps whole numbers
// (300 as UInt8 is 44), clamps days and rolls them over (February 31 is March 3), makes infinity of large floats and cuts
// decimals, without a word. Promise: only what would change is refused; what is no such value at all, ClickHouse says.

/** What is wrong with the value as a value of the type, as `300 is not within 0 to 255`; null: nothing that is known here. */
export function valueFault(type: string, value: string): string | null {
  const { name, parts } = readType(type)
  switch (name) {
    case 'Nullable':
    case 'LowCardinality':
      return value === 'NULL' ? null : valueFault(parts[0] ?? '', value)
    case 'Array':
      return firstFault(elementsOf(value).map((element) => [parts[0] ?? '', element]))
    case 'Tuple':
      return firstFault(elementsOf(value).map((element, place) => [withoutName(parts[place] ?? ''), element]))
    case 'Map':
      return firstFault(
        elementsOf(value).flatMap((pair) => piecesOf(pair, ':').map((side, place) => [parts[place] ?? '', side])),
      )
    case 'Date':
    case 'Date32':
    case 'DateTime':
    case 'DateTime64':
      return timeFault(name, value)
    case 'Float32':
    case 'Float64':
      return floatFault(name, value)
    case 'Decimal':
      return scaleFault(Number(parts[1] ?? 0), value)
    case 'Decimal32':
    case 'Decimal64':
    case 'Decimal128':
    case 'Decimal256':
      return scaleFault(Number(parts[0] ?? 0), value)
    default:
      return wholeFault(name, value)
  }
}

interface Type {
  /** ClickHouse's own name of a whole-number type that has others. */
  readonly name: string
  readonly parts: readonly string[]
}

function readType(type: string): Type {
  const { name = '', parts = '' } = /^(?<name>[\w ]+?)\s*(?:\((?<parts>[^]*)\))?$/.exec(type.trim())?.groups ?? {}
  return { name: SQL_NAMES[name.toUpperCase().replace(/ SIGNED$/, '')] ?? name, parts: piecesOf(parts, ',') }
}

/** What other databases call them. */
const SQL_NAMES: Readonly<Record<string, string>> = {
  ...{ TINYINT: 'Int8', INT1: 'Int8', BYTE: 'Int8', SMALLINT: 'Int16', YEAR: 'UInt16' },
  ...{ INT: 'Int32', INTEGER: 'Int32', MEDIUMINT: 'Int32', BIGINT: 'Int64', SIGNED: 'Int64' },
  ...{ 'TINYINT UNSIGNED': 'UInt8', 'INT1 UNSIGNED': 'UInt8', 'SMALLINT UNSIGNED': 'UInt16' },
  ...{ 'INT UNSIGNED': 'UInt32', 'INTEGER UNSIGNED': 'UInt32', 'MEDIUMINT UNSIGNED': 'UInt32' },
  ...{ 'BIGINT UNSIGNED': 'UInt64', UNSIGNED: 'UInt64', BIT: 'UInt64', SET: 'UInt64' },
}

function firstFault(elements: readonly (readonly [type: string, value: string])[]): string | null {
  for (const [type, value] of elements) {
    const fault = valueFault(type, value.replace(/^'([^]*)'$/, '$1'))
    if (fault !== null) return fault
  }
  return null
}

/** The elements of `[…]`, `(…)` or `{…}`, as they are written. */
function elementsOf(value: string): string[] {
  return piecesOf(value.trim().slice(1, -1), ',')
}

/** A text cut at a mark, where that is not within brackets or quotes. */
function piecesOf(text: string, mark: ',' | ':'): string[] {
  const pieces: string[] = []
  let [depth, from] = [0, 0]
  for (const { 0: token, index } of text.matchAll(/'(?:\\[^]|[^'\\])*'|[^]/g)) {
    if (/^[([{]$/.test(token)) depth += 1
    else if (/^[)\]}]$/.test(token)) depth -= 1
    else if (token === mark && depth === 0) {
      pieces.push(text.slice(from, index).trim())
      from = index + 1
    }
  }
  const last = text.slice(from).trim()
  return last === '' && pieces.length === 0 ? [] : [...pieces, last]
}

/** Of `name Type`, as tuples have them. */
function withoutName(part: string): string {
  return part.replace(/^(?:\w+|`[^`]*`)\s+(?=[A-Z]\w*\s*(?:\(|$))/, '')
}

function wholeFault(name: string, value: string): string | null {
  const { unsigned, bits } = /^(?<unsigned>U?)Int(?<bits>8|16|32|64|128|256)$/.exec(name)?.groups ?? {}
  if (bits === undefined) return null
  const [least, most] =
    unsigned === 'U'
      ? [0n, 2n ** BigInt(bits) - 1n]
      : [-(2n ** BigInt(Number(bits) - 1)), 2n ** BigInt(Number(bits) - 1) - 1n]
  if (!/^-?\d+$/.test(value)) return `${shown(value)} is no whole number (${least} to ${most})`
  return BigInt(value) < least || BigInt(value) > most ? `${value} is not within ${least} to ${most}` : null
}

/** Days that each keeps; what is outside becomes the nearest of them. */
const DAYS = {
  Date: ['1970-01-01', '2149-06-06'],
  Date32: ['1900-01-01', '2299-12-31'],
  DateTime: ['1970-01-01', '2106-02-07'],
  DateTime64: ['0001-01-01', '9999-12-31'],
} as const

/** The last second of DateTime, since 1970 UTC. */
const LAST_SECOND = 2 ** 32 - 1

function timeFault(name: keyof typeof DAYS, value: string): string | null {
  if (name === 'DateTime' && /^\d{5,}$/.test(value) && Number(value) > LAST_SECOND)
    return `${value} is not within 0 to ${LAST_SECOND} seconds`
  const { year, month, day, clock } =
    /^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})(?:[ T](?<clock>[\d:]+))?/.exec(value)?.groups ?? {}
  if (year === undefined || month === undefined || day === undefined) return null
  const written = [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-')
  const time = Date.parse(written)
  // Date.parse takes February 31 for a day in March.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== written) return `there is no day ${written}`
  if (clock !== undefined && !/^(?:[01]?\d|2[0-3])(?::[0-5]?\d){0,2}$/.test(clock)) return `there is no time ${clock}`
  const [first, last] = DAYS[name]
  return written < first || written > last ? `${written} is not within ${first} to ${last}` : null
}

function floatFault(name: 'Float32' | 'Float64', value: string): string | null {
  if (!/^[-+]?[\d.]/.test(value)) return null
  const number = name === 'Float32' ? Math.fround(Number(value)) : Number(value)
  const most = name === 'Float32' ? '3.4e38' : '1.8e308'
  return Math.abs(number) === Infinity ? `${value} is not within -${most} to ${most}` : null
}

function scaleFault(scale: number, value: string): string | null {
  const behind = /^[-+]?\d*\.(?<behind>\d*?)0*$/.exec(value)?.groups?.['behind'] ?? ''
  return behind.length > scale ? `${value} has more than ${scale} digits behind the point` : null
}

function shown(value: string): string {
  return value === '' ? 'an empty text' : value
}

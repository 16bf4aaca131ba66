// Whether ClickHouse would take a parameter's text for another value than the one that was written, without a word: see
// number-values.ts and time-values.ts for what it changes. Promise: only what would change, or would in some time zone
// where the type leaves the zone open, is refused; what is no such value at all, ClickHouse says.

import { decimalFault, floatFault, wholeFault } from './number-values.ts'
import { dayFault, lengthFault, momentFault } from './time-values.ts'

/** What is wrong with the value as a value of the type, as `300 is not within 0 to 255`; null: nothing that is known here. */
export function valueFault(type: string, value: string): string | null {
  const { name, parts } = readType(type)
  switch (name) {
    case 'Nullable':
    case 'LowCardinality':
      return /^null$/i.test(value) ? null : valueFault(parts[0] ?? '', value)
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
      return dayFault(name, value)
    case 'DateTime':
    case 'DateTime64':
      return momentFault(scaleOf(name, parts), zoneIn(parts), value)
    case 'Time':
      return lengthFault(Infinity, value)
    case 'Time64':
      return lengthFault(Number(parts[0] ?? 3), value)
    case 'Float32':
    case 'Float64':
      return floatFault(name, value)
    case 'Decimal':
      return decimalFault(Number(parts[1] ?? 0), value)
    case 'Decimal32':
    case 'Decimal64':
    case 'Decimal128':
    case 'Decimal256':
      return decimalFault(Number(parts[0] ?? 0), value)
    default:
      return wholeFault(name.startsWith('Interval') ? 'Int64' : name, value)
  }
}

/** Whether a value of the type may be NULL. */
export function takesNull(type: string): boolean {
  const { name, parts } = readType(type)
  return name === 'Nullable' || (name === 'LowCardinality' && takesNull(parts[0] ?? ''))
}

/** Digits of a second; a DateTime with such a number is a DateTime64, which has 3 without. */
function scaleOf(name: 'DateTime' | 'DateTime64', [first = '']: readonly string[]): number | null {
  if (/^\d+$/.test(first)) return Number(first)
  return name === 'DateTime' ? null : 3
}

function zoneIn(parts: readonly string[]): string | null {
  return /^'(?<zone>[^']*)'$/.exec(parts.at(-1) ?? '')?.groups?.['zone'] ?? null
}

interface Type {
  /** ClickHouse's own name of a type that has others. */
  readonly name: string
  readonly parts: readonly string[]
}

function readType(type: string): Type {
  const {
    name = '',
    parts = '',
    sign = '',
  } = /^(?<name>[\w ]+?)\s*(?:\((?<parts>[^]*)\))?(?<sign>\s+(?:un)?signed)?$/i.exec(type.trim())?.groups ?? {}
  const whole = `${name}${sign}`.replace(/\s+/g, ' ')
  return { name: OTHER_NAMES[whole.toUpperCase().replace(/ SIGNED$/, '')] ?? whole, parts: piecesOf(parts, ',') }
}

/** In whatever letter case; other databases' names too. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{ TINYINT: 'Int8', INT1: 'Int8', BYTE: 'Int8', SMALLINT: 'Int16', YEAR: 'UInt16' },
  ...{ INT: 'Int32', INTEGER: 'Int32', MEDIUMINT: 'Int32', BIGINT: 'Int64', SIGNED: 'Int64' },
  ...{ 'TINYINT UNSIGNED': 'UInt8', 'INT1 UNSIGNED': 'UInt8', 'SMALLINT UNSIGNED': 'UInt16' },
  ...{ 'INT UNSIGNED': 'UInt32', 'INTEGER UNSIGNED': 'UInt32', 'MEDIUMINT UNSIGNED': 'UInt32' },
  ...{ 'BIGINT UNSIGNED': 'UInt64', UNSIGNED: 'UInt64', BIT: 'UInt64', SET: 'UInt64' },
  ...{ DATE: 'Date', DATE32: 'Date32', DATETIME: 'DateTime', DATETIME32: 'DateTime', TIMESTAMP: 'DateTime' },
  ...{
    DATETIME64: 'DateTime64',
    TIME: 'Time',
    TIME64: 'Time64',
    FLOAT: 'Float32',
    REAL: 'Float32',
    SINGLE: 'Float32',
    BFLOAT16: 'Float32',
  },
  ...{ DOUBLE: 'Float64', 'DOUBLE PRECISION': 'Float64' },
  ...{ DEC: 'Decimal', DECIMAL: 'Decimal', FIXED: 'Decimal', NUMERIC: 'Decimal', DECIMAL32: 'Decimal32' },
  ...{ DECIMAL64: 'Decimal64', DECIMAL128: 'Decimal128', DECIMAL256: 'Decimal256' },
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

/** Of `name Type`, as tuples have them; `TINYINT UNSIGNED` is an UNSIGNED of that name there. */
function withoutName(part: string): string {
  return part.replace(/^(?:\w+|`[^`]*`)\s+(?=\w)/, '')
}

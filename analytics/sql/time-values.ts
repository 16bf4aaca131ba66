// Which texts ClickHouse reads as another day or moment than the one that was written: it takes the nearest day or second
// that a type keeps, rolls over what no calendar or clock has (February 31 is March 3), moves what a zone's clocks leave
// out, and cuts fractions. A moment without a zone is the server's, which is not known here: it is taken for every zone.

import { placesOf } from './number-values.ts'

const DAYS = {
  Date: ['1970-01-01', '2149-06-06'],
  Date32: ['1900-01-01', '2299-12-31'],
} as const

export function dayFault(name: keyof typeof DAYS, value: string): string | null {
  const read = readDay(value.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'))
  if (read === null) return null
  const { day } = read
  if (startOf(day) === null) return `there is no day ${day}`
  const [first, last] = DAYS[name]
  return day < first || day > last ? `${day} is not within ${first} to ${last}` : null
}

/** Seconds since 1970 UTC. */
const SECONDS = {
  DateTime: [0, 2 ** 32 - 1],
  // Earlier is the year 0, which is read as 1970; later starts anew somewhere in 1978.
  DateTime64: [Date.parse('0001-01-01') / 1000, Date.parse('9999-12-31T23:59:59Z') / 1000],
} as const

/** scale: digits of a second that DateTime64 keeps; null: a DateTime, which refuses them. zone: as `Asia/Tokyo`; null: the server's. */
export function momentFault(scale: number | null, zone: string | null, value: string): string | null {
  const [first, last] = SECONDS[scale === null ? 'DateTime' : 'DateTime64']
  const isTooFine = (seconds: string): boolean => scale !== null && placesOf(seconds) > scale
  const tooFine = `${value} has more than ${scale} digits behind the point`
  if (/^(?:-\d+|\d{5,})(?:\.\d*)?$/.test(value)) {
    if (Math.floor(Number(value)) < first || Math.floor(Number(value)) > last)
      return `${value} is not within ${first} to ${last} seconds`
    return isTooFine(value) ? tooFine : null
  }
  const read = readDay(value)
  if (read === null) return null
  const { day, behind } = read
  const start = startOf(day)
  if (start === null) return `there is no day ${day}`
  const { clock = '00:00:00', fraction = '' } =
    /^[ T](?<clock>\d{1,2}(?:\D\d{1,2}){0,2})(?<fraction>\.\d*)?/.exec(behind)?.groups ?? {}
  const [hour = 0, minute = 0, second = 0] = clock.split(/\D/).map(Number)
  if (hour > 23 || minute > 59 || second > 59) return `there is no time ${clock}`
  if (isTooFine(`0${fraction}`)) return tooFine
  const written = start / 1000 + hour * 3600 + minute * 60 + second
  const isKnown = zone !== null && isZone(zone)
  const moments = isKnown ? momentsIn(zone, written) : [written - MOST_EAST, written + MOST_WEST]
  if (moments.length === 0) return `there is no time ${value} in ${zone}: its clocks are put forward then`
  if (moments.every((moment) => moment >= first && moment <= last)) return null
  const range = `${value} is not within ${shown(first)} to ${shown(last)} UTC`
  return isKnown ? range : `${range} in every time zone: write the zone, as DateTime('UTC')`
}

/** scale: digits of a second that Time64 keeps; a Time refuses them. */
export function lengthFault(scale: number, value: string): string | null {
  const { minute, second, fraction } =
    /^-?\d+\D(?<minute>\d{1,2})(?:\D(?<second>\d{1,2})(?<fraction>\.\d*)?)?$/.exec(value)?.groups ?? {}
  if (Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return `there is no time ${value}`
  return placesOf(`0${fraction ?? ''}`) > scale ? `${value} has more than ${scale} digits behind the point` : null
}

/** ClickHouse takes any mark between year, month and day. */
function readDay(value: string): { readonly day: string; readonly behind: string } | null {
  const { year, month, day, behind } =
    /^(?<year>\d{4})\D(?<month>\d{1,2})\D(?<day>\d{1,2})(?<behind>[^]*)$/.exec(value)?.groups ?? {}
  if (year === undefined || month === undefined || day === undefined || behind === undefined) return null
  return { day: [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-'), behind }
}

/** Milliseconds since 1970 UTC; null: no calendar has the day. */
function startOf(day: string): number | null {
  const time = Date.parse(day)
  // Date.parse takes February 31 for a day in March.
  return Number.isNaN(time) || shown(time / 1000).slice(0, 10) !== day ? null : time
}

/** Seconds that a zone's clocks are ahead of and behind UTC at most. */
const MOST_EAST = 14 * 3600
const MOST_WEST = 12 * 3600
const DAY = 24 * 3600

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false // ClickHouse says so, or knows it
  }
}

/**
 * When a zone's clocks show this, seconds since 1970 UTC: twice where they are put back, never where they are put forward.
 * Both in seconds; what a clock shows is counted as if it were UTC.
 */
function momentsIn(zone: string, written: number): number[] {
  if (written < -DAY) return [written] // far from every limit, and of clocks that went by the sun
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  const shownAt = (moment: number): number => {
    const [year = 0, month = 0, ...rest] = clock
      .format(moment * 1000)
      .split(/\D+/)
      .map(Number)
    return Date.UTC(year, month - 1, ...rest) / 1000
  }
  const offsets = new Set([written - DAY, written + DAY].map((moment) => shownAt(moment) - moment))
  return [...offsets].map((offset) => written - offset).filter((moment) => shownAt(moment) === written)
}

const shown = (moment: number): string => new Date(moment * 1000).toISOString().slice(0, 19).replace('T', ' ')

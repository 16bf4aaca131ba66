// Options that several commands share, read one way everywhere.

import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import { UsageFault } from '../schemas/failure.ts'
import { makeFolder } from '../schemas/make-folder.ts'

/** `--state DIR`: where local services and embedded data live. */
export function stateOption(): Option {
  return new Option('--state <dir>', 'folder of local services and embedded data').default('.magpie')
}

/** Absolute path of the state folder. */
export function stateFolder(options: { state: string }): string {
  return resolve(options.state)
}

/** What a command that is shown needs to find the same folder: nothing, or ` --state DIR`. */
export function stateWords(options: { state: string }): string {
  return stateFolder(options) === stateFolder({ state: '.magpie' }) ? '' : ` --state ${options.state}`
}

/** The state folder, made where it is missing. Throws UsageFault where it cannot be made or used. */
export function madeStateFolder(options: { state: string }): string {
  const folder = stateFolder(options)
  try {
    makeFolder(folder, 0o700)
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new UsageFault(
      `--state ${options.state}: the folder cannot be used (${error instanceof Error ? error.message : String(error)}); give another --state DIR`,
    )
  }
  return folder
}

/** Reads a count of at least 1 (a commander argument parser). */
export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number of at least 1.')
  return value
}

/** A timer of Node that is set for more milliseconds fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Reads whole seconds that a timer can take (a commander argument parser). */
export function seconds(text: string): number {
  const value = Number(text)
  const most = Math.floor(LONGEST_TIMER / 1000)
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw new InvalidArgumentError(`give whole seconds from 1 to ${most} (24 days).`)
  return value
}

/** Reads a time that a timer can take (a commander argument parser). */
export function milliseconds(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1 || value > LONGEST_TIMER)
    throw new InvalidArgumentError(`give whole milliseconds from 1 to ${LONGEST_TIMER} (24 days).`)
  return value
}

/** Reads a number of at least 0 (a commander argument parser). */
export function notNegative(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('give a number of at least 0.')
  return value
}

/** Reads a number above 0 (a commander argument parser). */
export function positiveNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('give a number above 0.')
  return value
}

/** Reads a share above 0 and below 1 (a commander argument parser). */
export function share(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('give a share above 0 and below 1, as 0.1.')
  return value
}

/** Collects an option that may be given several times. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text]
}

/** A port, 0 to 65535, for commander. */
export function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('give a port from 0 to 65535.')
  return port
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Moments that ClickHouse's times reach. */
const [FIRST_MOMENT, LAST_MOMENT] = [0, Date.parse('2299-12-31T23:59:59Z')]

/**
 * Reads a moment: ISO 8601 (UTC unless it says otherwise), or 30m, 2h, 3d ago. Milliseconds since 1970 UTC (a commander
 * argument parser). Refuses days that no month has.
 */
export function moment(text: string): number {
  const time = ago(text) ?? dated(text)
  if (Number.isNaN(time))
    throw new InvalidArgumentError('give a time as 2026-01-31, 2026-01-31T12:00:00Z, or 30m, 2h, 3d (ago).')
  if (time < FIRST_MOMENT || time > LAST_MOMENT)
    throw new InvalidArgumentError('give a time between the years 1970 and 2299.')
  return time
}

function ago(text: string): number | null {
  const found = /^(?<count>\d+)(?<unit>[smhd])$/.exec(text)?.groups
  return found === undefined ? null : Date.now() - Number(found['count']) * UNITS[found['unit']!]!
}

/** NaN: it is no time. */
function dated(text: string): number {
  const day = /^\d{4}-\d\d-\d\d/.exec(text)?.[0]
  if (day === undefined) return NaN
  const midnight = Date.parse(day)
  // Date.parse takes February 31 for a day in March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, day.length) !== day) return NaN
  if (text === day) return midnight
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(text)
  return Date.parse(hasZone ? text : `${text.replace(' ', 'T')}Z`)
}

// magpie dead-letters show: all of one dead letter, with its record as fields where it can be decoded, else as bytes.

import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { nearest } from '../configs/nearest.ts'
import { visible } from '../llm/visible.ts'
import { createCodec } from '../schemas/codec.ts'
import type { Codec } from '../schemas/codec.ts'
import { Failure, UsageFault } from '../schemas/failure.ts'
import { headerTexts } from '../stream/arrival.ts'
import { DEAD_LETTER_HEADERS, originalHeaders } from '../stream/dead-letters.ts'
import { isNamed } from '../stream/letter-filter.ts'
import { readWholeLetters } from '../stream/letters.ts'
import type { Letter, WholeLetter } from '../stream/letters.ts'
import { headerText } from '../stream/outgoing.ts'
import { kafkaOption, withLetters } from './letter-options.ts'
import { iso, letterJson, stateOf } from './letter-view.ts'
import { stateOption } from './options.ts'

/** Longest text of a field on the screen, characters; --json has all. */
const TEXT_LENGTH = 300
const DUMP_BYTES = 256

/** Adds the command. */
export function addDeadLettersShow(letters: Command): void {
  letters
    .command('show')
    .description('all of one dead letter: where, why, its headers and its record')
    .argument('<id>', 'its place (3/17), its id (as in the table dead_letters), or its problem')
    .option('--out <file>', "write the record's original bytes to a new file")
    .option('--json', 'as JSON, the record whole')
    .addOption(kafkaOption())
    .addOption(stateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  ./magpie dead-letters show 3/17\n  ./magpie dead-letters show 3/17 --out record.avro',
    )
    .action(async (name: string, options: { out?: string; json?: true; config?: string; state: string }) => {
      const text = await withLetters(options, async (connection, book, signal) => {
        const letter = book.at(name) ?? only(name, book.letters())
        const [whole] = await readWholeLetters(connection, [letter], signal)
        if (whole === undefined) throw new UsageFault(`dead letter ${name} has expired on the log`)
        if (options.out !== undefined) return writeRecord(options.out, whole)
        const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
        return options.json === true ? asJson(whole, codec) : asText(whole, codec)
      })
      process.stdout.write(`${text}\n`)
    })
}

/** The letter of this name. Throws UsageFault when there is none, or more than one. */
function only(name: string, letters: readonly Letter[]): Letter {
  const [found, another, ...more] = letters.filter((letter) => isNamed(letter, name))
  if (found === undefined) {
    const near = nearest(name, new Set(letters.flatMap(({ place, key }) => [place, key])))
    const hint = near === null ? '' : `; did you mean ${near}?`
    throw new UsageFault(`there is no dead letter ${visible(name)}${hint} (./magpie dead-letters list shows all)`)
  }
  if (another !== undefined) {
    const places = [found, another, ...more].map(({ place, stage }) => `${place} (${stage})`).join(', ')
    throw new UsageFault(`problem ${visible(name)} has more than one dead letter: give one of ${places}`)
  }
  return found
}

function writeRecord(file: string, { value, isLost }: WholeLetter): string {
  if (isLost) throw new UsageFault('the record itself has expired on the log: there is nothing to write')
  const bytes = value ?? Buffer.alloc(0)
  try {
    writeFileSync(file, bytes, { flag: 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageFault(code === 'EEXIST' ? `${file} is there already: give another --out FILE` : `--out: ${message}`)
  }
  return `${bytes.length} bytes in ${file}`
}

interface Decoded {
  readonly name: string
  readonly fields: unknown
}

/** null: the bytes are no record of ours. */
function decoded(value: Buffer | null, codec: Codec): Decoded | null {
  const name = value === null ? null : codec.nameOf(value)
  if (name === null) return null
  try {
    return { name, fields: codec.decode(name, value!) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return null
  }
}

function asJson(whole: WholeLetter, codec: Codec): string {
  const record = decoded(whole.value, codec)
  const bytes = record === null ? { base64: whole.value?.toString('base64') ?? null } : {}
  const parts = {
    ...letterJson(whole.letter),
    stack: stackOf(whole),
    recordAt: iso(whole.timestamp),
    headers: headerTexts(originalHeaders(whole.headers)),
    record: record === null ? bytes : { [record.name]: record.fields },
    isLost: whole.isLost,
  }
  return JSON.stringify(parts, plain, 2)
}

function asText(whole: WholeLetter, codec: Codec): string {
  const { letter, value, isLost, timestamp } = whole
  const { topic, partition, offset } = letter.source
  const record = decoded(value, codec)
  const facts: [string, string][] = [
    ['place', `${letter.place} in dead-letters`],
    ['id', letter.id],
    ['run', `${letter.runId}, revision ${letter.revision}`],
    ['problem', letter.key],
    ['stage', letter.stage],
    ['code', letter.code],
    ['message', letter.message],
    ['failed', `${iso(letter.failedAt)}, attempt ${letter.attempt}, called ${letter.attempts} times in it`],
    ['state', `${stateOf(letter)}${letter.redrivenAt === null ? '' : ` ${iso(letter.redrivenAt)}`}`],
    ['record', `${letter.bytes} bytes of ${iso(timestamp)}, at ${topic} partition ${partition} offset ${offset}`],
  ]
  const headers = Object.entries(headerTexts(originalHeaders(whole.headers)))
  return [
    ...facts.map(([name, text]) => `${name.padEnd(8)} ${visible(text)}`),
    ...['', 'headers of the record'],
    ...headers.map(([name, text]) => `  ${visible(name)}: ${visible(text)}`),
    ...['', 'stack', ...stackOf(whole).map((line) => `  ${visible(line)}`), ''],
    ...(isLost
      ? ['the record has expired where it failed, and was too large for the letter']
      : record === null
        ? ['no record of this program; its bytes begin:', ...dump(value)]
        : [`${record.name}:`, ...JSON.stringify(record.fields, clipped, 2).split('\n').map(visible)]),
  ].join('\n')
}

function stackOf({ headers }: WholeLetter): string[] {
  return (headerText(headers, DEAD_LETTER_HEADERS.stack) ?? '').split('\\n')
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return isBytes(value) ? `${value.data.length} bytes` : value
}

function clipped(name: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= TEXT_LENGTH) return plain(name, value)
  return `${value.slice(0, TEXT_LENGTH).toWellFormed()}… (${value.length} characters)`
}

/** A Buffer, as JSON.stringify hands it over. */
function isBytes(value: unknown): value is { type: 'Buffer'; data: readonly number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
}

/** The first bytes, sixteen a line: offset, hexadecimal, printable characters. */
function dump(value: Buffer | null): string[] {
  if (value === null || value.length === 0) return [value === null ? '  (no value)' : '  (empty)']
  const head = value.subarray(0, DUMP_BYTES)
  const lines: string[] = []
  for (let at = 0; at < head.length; at += 16) {
    const bytes = [...head.subarray(at, at + 16)]
    const hexadecimal = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`  ${at.toString(16).padStart(8, '0')}  ${hexadecimal.padEnd(47)}  ${text}`)
  }
  return value.length > DUMP_BYTES ? [...lines, `  … ${value.length} bytes in all`] : lines
}

// Rows of data files as somebody gives them, each with its place, in memory of a row or a block. Promise: what is not
// there any more or cannot be read is a fault with its place, not an end of the check.

import { createReadStream } from 'node:fs'
import type { AvroSchema } from '../../schemas/avro-files.ts'
import { readAvroRows } from '../../schemas/avro-rows.ts'
import type { Container } from './contract.ts'
import { readParquet } from './parquet.ts'

/** A row, or why there is none. place: `line 3` or `row 3`, from 1 on. */
export type Read = { readonly place: string } & ({ readonly row: unknown } | { readonly fault: string })

/** Rows of a file. Throws what the file system says. */
export async function* readRows(path: string, container: Container, schema: AvroSchema): AsyncGenerator<Read> {
  switch (container) {
    case 'jsonl':
      yield* readLines(path)
      return
    case 'json':
      yield* readArray(path)
      return
    case 'avro':
      yield* numbered(readAvroRows(createReadStream(path) as AsyncIterable<Buffer>, schema))
      return
    case 'parquet':
      yield* numbered(readParquet(path, schema))
  }
}

async function* numbered(rows: AsyncGenerator): AsyncGenerator<Read> {
  let count = 0
  try {
    for await (const row of rows) {
      count += 1
      yield { place: `row ${count}`, row }
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error
    yield {
      place: `row ${count + 1}`,
      fault: `cannot be read, nor what follows: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}

async function* readLines(path: string): AsyncGenerator<Read> {
  for await (const [place, line] of linesOf(path)) yield parsed(place, line)
}

/** The array as exports write it: a row a line, brackets on lines of their own. */
async function* readArray(path: string): AsyncGenerator<Read> {
  let last: string | null = null
  let isOpen = false
  for await (const [place, line] of linesOf(path)) {
    last = line
    if (place === 1) {
      isOpen = line === '['
      if (line !== '[' && line !== '[]') yield { place: 'line 1', fault: 'is not [, which begins the array' }
      continue
    }
    if (line === ']' && isOpen) {
      isOpen = false
      continue
    }
    if (!isOpen) {
      yield { place: `line ${place}`, fault: 'stands behind the end of the array' }
      continue
    }
    yield parsed(place, line.endsWith(',') ? line.slice(0, -1) : line)
  }
  if (isOpen || last === null) yield { place: 'end', fault: 'the array is not closed: the file is cut' }
}

function parsed(place: number, line: string): Read {
  try {
    return { place: `line ${place}`, row: JSON.parse(line) as unknown }
  } catch (error) {
    return { place: `line ${place}`, fault: `is no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Lines end at \n alone: a text may hold every other separator. */
async function* linesOf(path: string): AsyncGenerator<[number, string]> {
  let [rest, place] = ['', 0]
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 20 })) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield [(place += 1), line]
  }
  if (rest !== '') yield [place + 1, rest]
}

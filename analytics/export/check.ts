// `export --check`: an export loaded back, in whatever format, and held to its manifest: every file with its size, its
// checksum and its rows; every row with its schema, its order and its side of the split.

import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageFault } from '../../schemas/failure.ts'
import type { AvroSchema } from '../../schemas/avro-files.ts'
import type { Look, Maker, Manifest, ManifestFile, Row, RowFault } from './contract.ts'
import { makerOf } from './makers.ts'
import { checkOf, nodeOf } from './nodes.ts'
import { MANIFEST, manifestAt, namesAt } from './place.ts'
import { readRows } from './read-rows.ts'
import { splitOf } from './split.ts'

/** Something that is wrong: in which file, at which line or row, in which field. */
export interface ExportFault {
  readonly file: string
  readonly place: string | null
  readonly field: string | null
  readonly message: string
}

export interface Checked {
  readonly manifest: Manifest
  readonly rows: number
  /** The first hundred. */
  readonly faults: readonly ExportFault[]
  /** All of them. */
  readonly faultCount: number
}

/** So many faults are told; the others are counted. */
const TOLD = 100

/** Checks the export at a path: its folder, or any of its data files. Throws UsageFault where there is none. */
export async function checkExport(path: string, signal?: AbortSignal): Promise<Checked> {
  const { folder, manifest, only } = findExport(path)
  const faults: ExportFault[] = []
  let faultCount = 0
  const note = (fault: ExportFault): void => {
    faultCount += 1
    if (faults.length < TOLD) faults.push(fault)
  }
  const checker = await createChecker(folder, manifest, note)
  let rows = 0
  for (const file of manifest.files.filter((each) => only === null || each.path === only)) {
    signal?.throwIfAborted()
    const wrong = notAFile(join(folder, file.path))
    if (wrong !== null) {
      note({ file: file.path, place: null, field: null, message: wrong })
      continue
    }
    await checkBytes(join(folder, file.path), file, note)
    rows += await checkRows(folder, file, checker, note, signal)
  }
  const sum = manifest.files.reduce((total, each) => total + each.rows, 0)
  if (sum !== manifest.rows)
    note({ file: MANIFEST, place: null, field: 'rows', message: `says ${manifest.rows}; its files have ${sum}` })
  return { manifest, rows, faults, faultCount }
}

/** The manifest of a folder with an export that is whole. Throws UsageFault with everything that is wrong. */
export async function checkFolder(folder: string): Promise<Manifest> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new UsageFault(`${folder} is a file: give the folder that ./magpie export --out has written`)
  const { manifest, faults, faultCount } = await checkExport(folder)
  if (faultCount === 0) return manifest
  const more = faultCount > faults.length ? [`and ${faultCount - faults.length} more`] : []
  throw new UsageFault([...faults.map((fault) => `${folder}: ${describeFault(fault)}`), ...more])
}

/** A fault as a sentence. */
export function describeFault({ file, place, field, message }: ExportFault): string {
  return [file, ...(place === null ? [] : [place]), ...(field === null ? [] : [field])].join(', ') + `: ${message}`
}

function findExport(path: string): { folder: string; manifest: Manifest; only: string | null } {
  const whole = resolve(path)
  const there = statSync(whole, { throwIfNoEntry: false })
  if (there === undefined)
    throw new UsageFault(`${path}: there is nothing; ./magpie export --out ${path} writes an export there`)
  if (there.isDirectory()) {
    const manifest = manifestAt({ folder: whole, manifest: MANIFEST })
    if (manifest !== null) return { folder: whole, manifest, only: null }
    throw new UsageFault(
      `${path} is no export: it has no ${MANIFEST} of this program; give the folder that ./magpie export --out has written`,
    )
  }
  const [folder, file] = [dirname(whole), basename(whole)]
  const own = manifestAt({ folder, manifest: namesAt(path).manifest }) ?? manifestAt({ folder, manifest: MANIFEST })
  if (own?.files.some((each) => each.path === file) === true) return { folder, manifest: own, only: file }
  throw new UsageFault(`${path} is no export: neither ${file}.${MANIFEST} nor ${MANIFEST} beside it names it`)
}

/** Why there is no file to read; null: there is one. */
function notAFile(path: string): string | null {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined) return 'is missing'
  return there.isFile() ? null : 'is no file'
}

type Note = (fault: ExportFault) => void

interface Checker {
  readonly schema: AvroSchema
  readonly manifest: Manifest
  /** Faults of a row. */
  readonly faultsOf: (row: unknown) => readonly RowFault[]
}

async function createChecker(folder: string, manifest: Manifest, note: Note): Promise<Checker> {
  const maker: Maker = makerOf(lookOfManifest(manifest))
  let schema = maker.schema
  const { path, sha256 } = manifest.schema
  const fault = (message: string): void => {
    note({ file: path, place: null, field: null, message })
  }
  const wrong = notAFile(join(folder, path))
  if (wrong === null) {
    const text = await readFile(join(folder, path), 'utf8')
    // The schema that the rows were written with; a later program may write others.
    if (createHash('sha256').update(text).digest('hex') === sha256) schema = JSON.parse(text) as AvroSchema
    else fault('is not the schema of the manifest: its checksum differs')
  } else fault(wrong)
  const check = checkOf(nodeOf(schema))
  return {
    schema,
    manifest,
    faultsOf(row) {
      const { error } = check.safeParse(row)
      if (error === undefined) return maker.faultsOf(row as Row)
      return error.issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message }))
    },
  }
}

function lookOfManifest(manifest: Manifest): Look {
  const { format, container, type, shape, reasoning, bare, filters, steps_of: stepsOf } = manifest
  const { reward, threshold } = filters
  return { format, container, type, stepsOf, shape, reasoning, bare, reward, threshold: threshold ?? 0.5 }
}

async function checkBytes(path: string, file: ManifestFile, note: Note): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  const fault = (message: string): void => {
    note({ file: file.path, place: null, field: null, message })
  }
  if (bytes !== file.bytes) fault(`has ${bytes} bytes; the manifest says ${file.bytes}`)
  else if (hash.digest('hex') !== file.sha256) fault('was changed: its checksum is not that of the manifest')
}

/** Checks each row of a file; returns how many there are. */
async function checkRows(
  folder: string,
  file: ManifestFile,
  { schema, manifest, faultsOf }: Checker,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<number> {
  let rows = 0
  let before: string | null = null
  for await (const read of readRows(join(folder, file.path), manifest.container, schema)) {
    signal?.throwIfAborted()
    const fault = (field: string | null, message: string): void => {
      note({ file: file.path, place: read.place, field, message })
    }
    if ('fault' in read) {
      fault(null, read.fault)
      continue
    }
    rows += 1
    const faults = faultsOf(read.row)
    for (const { field, message } of faults) fault(field === '' ? null : field, message)
    if (faults.length > 0) continue
    const { id, problem_id: problem } = read.row as { id?: string; problem_id?: string }
    if (id !== undefined && before !== null && id <= before)
      fault('id', id === before ? 'stands there twice' : `stands behind ${before}: rows are in the order of their ids`)
    if (problem !== undefined && manifest.filters.split !== null) {
      const side = splitOf(problem, manifest.filters.split)
      if (side !== file.split) fault('problem_id', `is of the ${side} side, and lies in ${file.split}`)
    }
    before = id ?? before
  }
  if (rows !== file.rows)
    note({
      file: file.path,
      place: null,
      field: null,
      message: `has ${rows} rows; the manifest says ${file.rows}`,
    })
  return rows
}

// Who holds an embedded database: the owner's note for readers (owner.json: address and token, readable by its
// user alone) and ClickHouse's own status file (process id of whoever has the directory open).

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { z } from 'zod'
import { processIsAlive } from '../../stream/process-alive.ts'

const ownerNote = z.object({ pid: z.int(), url: z.url(), token: z.string().min(16) })

export type OwnerNote = z.infer<typeof ownerNote>

const noteFile = (folder: string): string => join(folder, 'owner.json')

/** Writes the note, whole or not at all. */
export function writeOwnerNote(folder: string, note: OwnerNote): void {
  const aside = `${noteFile(folder)}.${process.pid}.part`
  writeFileSync(aside, `${JSON.stringify(note)}\n`, { mode: 0o600 })
  renameSync(aside, noteFile(folder))
}

/** Takes the note away if it is this process's. */
export function removeOwnerNote(folder: string): void {
  if (readNote(folder)?.pid === process.pid) rmSync(noteFile(folder), { force: true })
}

/** The owner that answers at the noted address; null when there is none, as after a kill. */
export async function liveOwner(folder: string): Promise<OwnerNote | null> {
  const note = readNote(folder)
  if (note === null || !processIsAlive(note.pid)) return null
  return (await answers(note)) ? note : null
}

/** Process that has the directory open, by ClickHouse's status file; null: nobody, or one that died. */
export function holderOf(folder: string): number | null {
  const text = readIfThere(join(folder, 'status'))
  const pid = Number(/^PID: (\d+)/.exec(text ?? '')?.[1] ?? Number.NaN)
  return Number.isSafeInteger(pid) && processIsAlive(pid) ? pid : null
}

function readNote(folder: string): OwnerNote | null {
  const text = readIfThere(noteFile(folder))
  if (text === null) return null
  try {
    return ownerNote.parse(JSON.parse(text))
  } catch {
    return null // not ours, or of another version: as good as none, the directory's lock decides
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Asks the address with the token: a foreign process on a reused port does not know it. */
function answers(note: OwnerNote): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(new URL('/magpie-owner', note.url), {
      auth: `magpie:${note.token}`,
      timeout: 2000,
      agent: false,
    })
    asked.on('response', (response) => {
      response.resume()
      resolve(response.statusCode === 204)
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in 2 s')))
    asked.on('error', () => {
      resolve(false)
    })
    asked.end()
  })
}

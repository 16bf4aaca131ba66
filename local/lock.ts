// A lock between processes in a folder. Promises: one holder at a time, and a holder that was killed
// holds nothing. Locks are numbered files: the highest number holds. A dead holder is followed by the
// next number, which only one process can create, so there is no moment in which two could take over.
import { randomUUID } from 'node:crypto'
import { link, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { readJson } from './folders.ts'
import { startMark } from './process.ts'

interface Holder {
  pid: number
  mark: string | null
}

/** Runs `work` while holding the lock of this folder; waits while another process holds it. */
export async function withLock<Result>(
  folder: string,
  work: () => Promise<Result>,
  options: { signal?: AbortSignal | undefined; onWait?: (pid: number) => void } = {},
): Promise<Result> {
  const path = await acquire(folder, options.signal, options.onWait)
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function acquire(
  folder: string,
  signal: AbortSignal | undefined,
  onWait: ((pid: number) => void) | undefined,
): Promise<string> {
  let told = false
  for (;;) {
    signal?.throwIfAborted()
    const highest = Math.max(0, ...(await lockNumbers(folder)))
    const holder = highest === 0 ? null : await aliveHolder(join(folder, `lock.${highest}`))
    if (holder !== null) {
      if (!told) onWait?.(holder.pid)
      told = true
      await wait(100, undefined, signal === undefined ? {} : { signal })
      continue
    }
    const taken = await take(folder, highest + 1)
    if (taken !== null) return taken
  }
}

// Creates lock.NUMBER with its content in one step. It counts only if it is the highest afterwards, and no lower one is
// alive: whoever looked before a release may come with a number that is too high.
async function take(folder: string, number: number): Promise<string | null> {
  const path = join(folder, `lock.${number}`)
  const beside = join(folder, `.${randomUUID()}.lock`)
  const holder: Holder = { pid: process.pid, mark: await startMark(process.pid) }
  await writeFile(beside, JSON.stringify(holder), { mode: 0o600 })
  try {
    await link(beside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null
    throw error
  } finally {
    await rm(beside, { force: true })
  }
  const others = (await lockNumbers(folder)).filter((other) => other !== number)
  const holders = await Promise.all(others.map((lower) => aliveHolder(join(folder, `lock.${lower}`))))
  if (others.some((other) => other > number) || holders.some((each) => each !== null)) {
    await rm(path, { force: true })
    return null
  }
  for (const lower of others) await rm(join(folder, `lock.${lower}`), { force: true })
  return path
}

async function lockNumbers(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => {
    const match = /^lock\.(\d+)$/.exec(name)
    return match === null ? [] : [Number(match[1])]
  })
}

async function aliveHolder(path: string): Promise<Holder | null> {
  const holder = (await readJson(path)) as Holder | null
  if (holder === null) return null
  const mark = await startMark(holder.pid)
  return mark !== null && mark === holder.mark ? holder : null
}

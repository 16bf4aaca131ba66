// The share of the engines that a replay has unless it is given one: a part of them while a run is at work on the log, all
// of them while none is. Promises: it is looked at again as long as the replay goes on; a broker that does not answer
// leaves the share as it is, and no error here ends the replay.

import type { Llm } from '../../llm/contract.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { pauseFor } from '../../stream/back-off.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import type { OpenRun } from '../open-run.ts'
import type { RunParts } from '../run-contract.ts'
import { createNewestReader, holdOf, isSameWord, SILENT_MS } from '../run-records.ts'

/** Of the engines' slots beside a run that is at work, and until the first look. */
export const SHARE_BESIDE = 0.2

/** Between two looks, milliseconds. */
const LOOK_MS = 12_000

/**
 * Returns the share beside those whose newest states are given, look after look. A run counts until it says that it has
 * ended, its process is seen to be gone, or it has said nothing new for SILENT_MS while it was watched: its machine may be
 * lost, and no other clock than this one's is believed. Replays do not count: side by side, none is to leave slots idle.
 */
export function createShareBeside(
  isAlive: (pid: number) => boolean = processIsAlive,
): (states: readonly RunRecord[], now: number) => number {
  let heard = new Map<string, { readonly word: RunRecord; readonly since: number }>()
  return (states, now) => {
    const words = states.filter((state) => state.revision === 'main' && holdOf(state, now, isAlive) !== 'free')
    heard = new Map(
      words.map((word) => {
        const before = heard.get(word.id)
        return [word.id, before !== undefined && isSameWord(before.word, word) ? before : { word, since: now }]
      }),
    )
    return [...heard.values()].some(({ since }) => now - since < SILENT_MS) ? SHARE_BESIDE : 1
  }
}

export interface SharedReplay {
  readonly read: (signal: AbortSignal) => Promise<readonly RunRecord[]>
  readonly llm: Pick<Llm, 'setShare'>
  readonly parts: Pick<RunParts, 'now' | 'log' | 'onShare'>
}

/** Sets the share whenever it is another one, until the signal is given. */
export async function followShare(
  { read, llm, parts: { now, log, onShare } }: SharedReplay,
  signal: AbortSignal,
  pause: (milliseconds: number, signal: AbortSignal) => Promise<boolean> = pauseFor,
): Promise<void> {
  const shareBeside = createShareBeside()
  let known: number | null = null
  do {
    try {
      const share = shareBeside(await read(signal), now())
      signal.throwIfAborted()
      if (share === known) continue
      const isNew = known !== null || share !== 1
      known = share
      log.info({ share }, 'the share of the engines')
      llm.setShare(share)
      if (isNew) onShare?.(share)
    } catch (error) {
      if (!signal.aborted)
        log.warn({ error: String(error) }, 'whether a run is at work could not be read; the share stays')
    }
  } while (await pause(LOOK_MS, signal))
}

/** Follows it from now on; what is returned ends that. */
export function watchShare(
  { connection, codec }: Pick<OpenRun, 'connection' | 'codec'>,
  llm: SharedReplay['llm'],
  parts: SharedReplay['parts'],
): () => Promise<void> {
  const over = new AbortController()
  void followShare({ read: createNewestReader(connection, codec), llm, parts }, over.signal)
  return () => {
    over.abort(new Error('the replay is closed'))
    return Promise.resolve()
  }
}

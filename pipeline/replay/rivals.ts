// Additions to the same rows come one after another: each writes rows whole, with what it has just read of them, so that
// of two at once one would lose what the other adds. Promise: of those that begin at the same moment, the one whose start
// comes first on the log goes on, whatever the clocks say. (Where that one was silent for as long as a lead lasts, both may
// end; neither has lost anything, and the command is given again.)

import { z } from 'zod'
import type { Replay } from '../../configs/replay.ts'
import type { Codec } from '../../schemas/codec.ts'
import type { RunRecord } from '../../schemas/records.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import { holdOf, readNewest } from '../run-records.ts'
import { readStarts } from '../run-starts.ts'

/** An addition, by what makes others its rivals. */
export type Adding = Pick<RunRecord, 'runId' | 'revision'> & Pick<Replay, 'into' | 'stages'>

interface OnLog {
  readonly connection: KafkaConnection
  readonly codec: Codec
}

/** Of the config of any version: what it adds to. */
const adding = z.looseObject({
  replay: z.looseObject({ into: z.string().nullish(), stages: z.array(z.string()) }).nullish(),
})

/** Does the state say that its revision is another addition to the same rows? */
function isRival({ runId, revision, into, stages }: Adding, state: RunRecord): boolean {
  if (state.runId !== runId || state.revision === revision) return false
  const other = adding.safeParse(JSON.parse(state.config)).data?.replay
  return other?.into === into && other.stages.some((stage) => stages.includes(stage))
}

/** Rivals that are seen to be at work now (states: newest words of all runs). */
export function rivalsOf(
  addition: Adding,
  states: readonly RunRecord[],
  now: number,
  isAlive: (pid: number) => boolean,
): RunRecord[] {
  // A word from ahead of this machine's clock is a word of now.
  const isHeld = (each: RunRecord): boolean => holdOf(each, Math.max(now, each.createdAt), isAlive) === 'held'
  return states.filter((each) => isRival(addition, each) && isHeld(each))
}

/** The same, as the log says; none for what is no addition. Throws Failure. */
export async function rivalsAtWork(
  { connection, codec }: OnLog,
  addition: Adding,
  now: number,
  signal: AbortSignal,
): Promise<RunRecord[]> {
  if (addition.into === null) return []
  return rivalsOf(addition, await readNewest(connection, codec, signal), now, processIsAlive)
}

/**
 * A rival that started before this process (processId: its start), and is at work; null: there is none. Both have
 * written their state before their start and look after it, so of two at least one sees the other. Throws Failure.
 */
export async function rivalBefore(
  { connection, codec }: OnLog,
  addition: Adding,
  processId: string,
  isAtWork: (rival: RunRecord) => Promise<boolean>,
  signal: AbortSignal,
): Promise<RunRecord | null> {
  if (addition.into === null) return null
  const rivals = (await readNewest(connection, codec, signal)).filter((state) => isRival(addition, state))
  const starts = await readStarts(connection, codec, signal)
  const own = starts.findIndex(({ id }) => id === processId)
  for (const rival of rivals) {
    const started = starts.findLastIndex(
      (start) =>
        start.parts.includes('produce') &&
        (['runId', 'revision', 'host', 'pid'] as const).every((field) => start[field] === rival[field]),
    )
    if (started >= 0 && started < own && (await isAtWork(rival))) return rival
  }
  return null
}

/** What whoever comes second is told. */
export function rivalText({ runId, revision, pid, host }: RunRecord, { into }: Adding): string {
  return `revision ${revision} of run ${runId} (process ${pid} on ${host}) adds to the same rows of ${into} now: wait until it is finished or stop it (Ctrl-C in its terminal), and give this command again then`
}

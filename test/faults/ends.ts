// Whether a run is whole, by `magpie audit` as a user calls it, and by one look more: a thing that is on the log twice
// must be there with the same content, or a reader would see one of two. (The audit counts by id.)

import type { Audit } from '../../analytics/audit/contract.ts'
import { createCodec } from '../../schemas/codec.ts'
import { Failure } from '../../schemas/failure.ts'
import type { RecordName, Records } from '../../schemas/records.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { messagesOf } from '../support/end-to-end.ts'
import { type Ground, OUT } from './ground.ts'
import type { Played } from './scenario.ts'

export interface Ends {
  readonly lost: number
  readonly doubled: number
  /** What is wrong, a line each. */
  readonly faults: readonly string[]
}

/** So many ids are named of each kind of fault. */
const NAMED = 3

/** Looks at everything that the run has left. */
export async function endsOf(ground: Ground, played: Played): Promise<Ends> {
  const { workshop, stateDir } = ground
  const { runId, total, out = OUT, environment = {} } = played
  const words = ['audit', '--run', runId, '--json', '--state', stateDir, '--out', out]
  const { code, out: json, error } = await workshop.magpie(words, environment).ended
  // Without a word on what it found, it could not look.
  if ((code !== 0 && code !== 1) || json === '') throw new Error(`the audit ended with ${code}: ${error}`)
  const audit = JSON.parse(json) as Audit
  const { counts } = audit
  const faults = audit.faults.flatMap(({ at, kind, count, first }) => [
    `audit: ${count} ${kind} at ${at}`,
    ...first.slice(0, NAMED).map(({ id, says, seen }) => `  ${id}: ${says} (${seen})`),
  ])
  if (audit.state !== 'finished') faults.push(`audit: the run is ${audit.state}`)
  if (counts.inFlight > 0) faults.push(`audit: ${counts.inFlight} are still in flight`)
  if (counts.dead > 0) faults.push(`audit: ${counts.dead} problems are dead letters`)
  if (counts.problems < total) faults.push(`audit: ${counts.problems} problems, not ${total}`)
  const twofold = await contentsOf(ground, runId)
  faults.push(...twofold.slice(0, NAMED))
  return {
    lost: counts.lost,
    doubled: counts.doubled + counts.stray + twofold.length,
    faults,
  }
}

/** What is on the log with two contents, a line each. */
async function contentsOf({ workshop }: Ground, runId: string): Promise<string[]> {
  const codec = await createCodec()
  const contents = new Map<string, Set<string>>()
  const note = (what: string, ...content: string[]): void => {
    contents.set(what, (contents.get(what) ?? new Set()).add(JSON.stringify(content)))
  }
  const read = async <Name extends RecordName>(topic: TopicName, name: Name, take: (record: Records[Name]) => void) => {
    for (const { value } of await messagesOf(workshop, runId, topic)) {
      const record = decodable(() => codec.decode(name, value))
      if (record !== null) take(record)
    }
  }
  await read('problems', 'Problem', ({ id, text }) => {
    note(`problem ${id}`, text)
  })
  await read('rejections', 'Rejection', ({ problemId, stage, reason }) => {
    note(`rejection of ${problemId}`, stage, reason)
  })
  await read('sft', 'SftRecord', ({ id, response }) => {
    note(`row ${id}`, response)
  })
  await read('preferences', 'PreferenceRecord', ({ id, chosen, rejected }) => {
    note(`row ${id}`, chosen, rejected)
  })
  return [...contents].flatMap(([what, { size }]) => (size > 1 ? [`${what}: ${size} contents on the log`] : []))
}

/** Null for bytes that are no record: poison, which has its dead letter. */
function decodable<Value>(decode: () => Value): Value | null {
  try {
    return decode()
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

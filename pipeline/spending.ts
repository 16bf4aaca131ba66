// What a run has spent, whichever processes spent it: each writes its own sum to the topic `spending`, and reads those
// of the others, of earlier starts too. Promise: a process that is killed leaves out at most what it spent since its
// last heartbeat; nothing is counted twice.

import type { LlmState } from '../llm/contract.ts'
import type { RoleSpending, Spending } from '../schemas/records.ts'
import { topicFor } from '../schemas/topics.ts'
import { stamp } from '../stream/outgoing.ts'
import { readTopic } from '../stream/read-topic.ts'
import type { Sender } from '../stream/sender.ts'
import { readable } from './read-records.ts'
import type { ReadRun } from './read-records.ts'

/** What one process has spent. */
export type OwnSpending = Pick<Spending, 'leadMilliseconds' | 'roles' | 'done' | 'passed'>

/** The sum over processes. */
export interface Spent extends OwnSpending {
  /** US dollars of the roles with a price; null where none has one. */
  readonly usd: number | null
  /** Prompt and new tokens of all models. */
  readonly tokens: number
  /** Answered calls whose servers said nothing of tokens. */
  readonly unmeasured: number
}

export interface SpendingBook {
  /** The run's spending: of this process by now, of the others as they last said. */
  total(): Spent
  /** Reads what others have written since the last look. Throws Failure when Kafka does not answer. */
  look(signal: AbortSignal): Promise<void>
  /** Writes this process's own; resolves when the broker has it. */
  publish(): Promise<void>
}

export interface BookParts {
  readonly run: ReadRun & { readonly sender: Sender; readonly processId: string }
  /** others: what the other processes and earlier starts have done, as they last said. */
  readonly own: (others: OwnSpending['done']) => OwnSpending
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Opens the book of a run and reads all that is in it. */
export async function openSpending({ run, own, now }: BookParts, signal: AbortSignal): Promise<SpendingBook> {
  const { connection, codec, sender, runId, revision, processId: id } = run
  const topic = topicFor('spending', revision)
  const others = new Map<string, Spending>()
  let next = 0
  let looking: Promise<void> | null = null
  const read = async (until: AbortSignal): Promise<void> => {
    for await (const message of readTopic(connection, { topic, from: new Map([[0, next]]), signal: until })) {
      next = Number(message.offset) + 1
      if (!message.key.startsWith(`${runId}/${revision}/`) || message.key === id) continue
      const record = message.value.length === 0 ? null : readable(run, 'Spending', message)
      if (record !== null) others.set(record.id, record)
    }
  }
  const mine = (): OwnSpending => own(sumOf([...others.values()]).done)
  const book: SpendingBook = {
    total: () => sumOf([...others.values(), mine()]),
    look(until) {
      // Two at once would read the same records twice, and the slower one would put older sums in place of newer ones.
      looking ??= read(until).finally(() => {
        looking = null
      })
      return looking
    },
    async publish() {
      const record: Spending = { id, runId, revision, createdAt: now(), ...mine() }
      await sender.send([stamp({ topic, key: id, value: codec.encode('Spending', record) }, { runId, revision })])
    },
  }
  await book.look(signal)
  return book
}

/** The cost of each role so far, as a record carries it. */
export function spendingOf(usage: LlmState['usage']): Record<string, RoleSpending> {
  return Object.fromEntries(
    Object.entries(usage).map(([role, total]) => {
      const { calls, promptTokens, cachedTokens, completionTokens, unmeasured, usd } = total
      return [role, { calls, promptTokens, cachedTokens, completionTokens, unmeasured, usd }]
    }),
  )
}

/** Adds up what processes have spent. */
export function sumOf(parts: readonly OwnSpending[]): Spent {
  const roles: Record<string, RoleSpending> = {}
  const done: Record<string, number> = {}
  const passed: Record<string, number> = {}
  let leadMilliseconds = 0
  for (const part of parts) {
    leadMilliseconds += part.leadMilliseconds
    for (const [stage, count] of Object.entries(part.done)) done[stage] = (done[stage] ?? 0) + count
    for (const [stage, count] of Object.entries(part.passed)) passed[stage] = (passed[stage] ?? 0) + count
    for (const [role, more] of Object.entries(part.roles)) {
      const sum = roles[role]
      roles[role] = sum === undefined ? { ...more } : added(sum, more)
    }
  }
  const all = Object.values(roles)
  return {
    ...{ roles, done, passed, leadMilliseconds },
    usd: all.reduce<number | null>((sum, { usd }) => dollars(sum, usd), null),
    tokens: all.reduce((sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens, 0),
    unmeasured: all.reduce((sum, { unmeasured }) => sum + unmeasured, 0),
  }
}

function added(left: RoleSpending, right: RoleSpending): RoleSpending {
  return {
    calls: left.calls + right.calls,
    promptTokens: left.promptTokens + right.promptTokens,
    cachedTokens: left.cachedTokens + right.cachedTokens,
    completionTokens: left.completionTokens + right.completionTokens,
    unmeasured: left.unmeasured + right.unmeasured,
    usd: dollars(left.usd, right.usd),
  }
}

function dollars(left: number | null, right: number | null): number | null {
  return left === null && right === null ? null : (left ?? 0) + (right ?? 0)
}

// Runs the producer of a run: finds out from the log what exists, makes what is missing, obeys back-pressure.

import type { Config } from '../configs/schema.ts'
import type { Llm } from '../llm/contract.ts'
import { requireRoleTemplate } from '../llm/role-template.ts'
import { promptPrefix } from '../llm/templates.ts'
import { importJsonl } from '../producers/jsonl.ts'
import { runMagpie } from '../producers/magpie.ts'
import { existingProblems } from '../producers/resume.ts'
import type { Existing } from '../producers/resume.ts'
import type { Codec } from '../schemas/codec.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Records } from '../schemas/records.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { stamp } from '../stream/outgoing.ts'
import type { Sender } from '../stream/sender.ts'
import type { House } from './house.ts'
import { routeTo } from './processes.ts'
import { readRecords } from './read-records.ts'
import type { ReadRun } from './read-records.ts'

/** Where problems come from. */
export type Source = MadeFrom | { readonly kind: 'replay' }

/** Where new problems come from: a replay makes none. */
export type MadeFrom = { readonly kind: 'magpie' } | { readonly kind: 'jsonl'; readonly file: string }

export interface ProduceParts {
  readonly source: MadeFrom
  readonly config: Config
  readonly runId: string
  readonly revision: string
  readonly llm: Llm
  readonly connection: KafkaConnection
  readonly codec: Codec
  /** Of the leader. */
  readonly sender: Pick<Sender, 'send'>
  readonly house: House
  readonly existing: Existing
  /** Problems that may be started, so many being open: what the budgets leave. */
  readonly affordable: (open: number) => number
  /** True once enough was accepted, or a budget has no room for another problem. */
  readonly shouldStop: () => boolean
  readonly onPublished: (count: number) => void
  /** Lines of the file were refused, and are on the log as rejections. */
  readonly onBrokenLines: (count: number) => void
  readonly signal: AbortSignal
  readonly log: Logger
  readonly now: () => number
}

/** Why a producer stopped. */
export type ProduceEnd = 'total' | 'accepted' | 'budget' | 'end' | 'aborted' | 'replayed'

/** Problems of this run that the log has, or that ended before they were problems. */
export async function readExisting(run: ReadRun, signal: AbortSignal): Promise<Existing> {
  const problems = readRecords(run, 'problems', 'Problem', signal)
  return existingProblems(run.runId, problems, readRecords(run, 'rejections', 'Rejection', signal))
}

/** Problems under way that keep every engine busy: some are asked about, some wait, some lie between two stages. */
function houseOf(llm: Llm): number {
  return Math.max(512, 3 * llm.capacity())
}

/** Runs until all is made, enough was accepted, or the signal aborts. Throws the Failure that ends the producer. */
export async function produce(parts: ProduceParts): Promise<ProduceEnd> {
  const { source, config, runId, revision, llm, sender, house, existing, signal, now, shouldStop } = parts
  const log = parts.log.child({ producer: source.kind })
  const toProblems = routeTo('problems', parts)
  const toRejections = routeTo('rejections', parts)
  const common = {
    runId,
    revision,
    existing,
    shouldStop,
    signal,
    log,
    now,
    total: config.total,
    async room() {
      const most = config.producer.maxWaiting ?? houseOf(llm)
      const open = await house.open()
      const room = Math.min(most - open, parts.affordable(open))
      // Whoever waits for room is to look up and see that the end has come.
      return shouldStop() ? most : room
    },
    async publish(problems: Records['Problem'][]) {
      await sender.send(problems.flatMap(toProblems).map((message) => stamp(message, { runId, revision })))
      house.published(problems.length)
      parts.onPublished(problems.length)
    },
    async reject(rejections: Records['Rejection'][]) {
      await sender.send(rejections.flatMap(toRejections).map((message) => stamp(message, { runId, revision })))
    },
  }
  switch (source.kind) {
    case 'magpie': {
      const { questioner } = config.roles
      const { controlTask, system } = config.producer
      const template = requireRoleTemplate(questioner!)
      const prefix = (opener: string | null) => promptPrefix(template, { controlTask, system, opener })
      return runMagpie({ ...common, llm, config: config.producer, prefix })
    }
    case 'jsonl':
      return importJsonl({
        ...common,
        file: source.file,
        async reject(rejections) {
          await common.reject(rejections)
          parts.onBrokenLines(rejections.length)
        },
      })
  }
}

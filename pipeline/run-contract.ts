// What starts a run, what it tells while it works, and what becomes of it.

import type { LoadedConfig } from '../configs/load.ts'
import type { LlmState } from '../llm/contract.ts'
import type { PartName } from '../pipeline.ts'
import type { Logger } from '../schemas/logger.ts'
import type { BudgetName, RunRecord } from '../schemas/records.ts'
import type { TopicChange } from '../stream/apply-topics.ts'
import type { KafkaAddress } from '../stream/config.ts'
import type { Moment } from '../stream/fence.ts'
import type { OnSilence } from '../stream/kafka-silence.ts'
import type { SenderState } from '../stream/sender.ts'
import type { SinkState } from '../stream/sink-consumer.ts'
import type { StageState } from '../stream/stage.ts'
import type { Accepted } from './accepted.ts'
import type { Budget } from './budget.ts'
import type { ProduceEnd, Source } from './produce.ts'
import type { Spent } from './spending.ts'

export interface RunParts {
  /** Every endpoint is a URL (see configs/local-endpoint.ts). */
  readonly loaded: LoadedConfig
  readonly runId: string
  readonly revision: string
  readonly source: Source
  /**
   * At most this share of each model server's slots, over 0 up to 1; `beside`: a share while a run is at work, all of them
   * while none is (replay/share.ts). All of them where it is left out.
   */
  readonly share?: number | 'beside' | undefined
  /** Place of its calls at model servers that schedule by priority, lower is earlier; 0 where it is left out. */
  readonly priority?: number | undefined
  /** What this process does. The one that produces leads: it claims the run and decides when it is through. */
  readonly parts: ReadonlySet<PartName>
  readonly kafka: KafkaAddress
  readonly registryUrl: string | undefined
  /** A ClickHouse server; undefined: embedded in the state folder. */
  readonly clickhouseUrl: string | undefined
  /** The run may leave the server that has its rows: another database is filled from the log. */
  readonly moveClickhouse?: boolean | undefined
  readonly stateDir: string
  readonly version: string
  readonly log: Logger
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** Both clocks; default: this machine's. */
  readonly moment?: () => Moment
  /** No broker answers, for some seconds now. */
  readonly onSilence?: OnSilence
  /** A worker that leads nothing waits for the run to be started. */
  readonly onWaiting?: () => void
  /** Topics are kept in another way than the config says; told before anything is made. */
  readonly onKeptOtherwise?: (changes: readonly TopicChange[]) => void
  /** The share is another one, since a run is at work beside this one or none is any more; not told where it has all from the start on. */
  readonly onShare?: (share: number) => void
  /** The run's rows are read into another database than the one that has had them. */
  readonly onMove?: (from: string, to: string) => void
  /** A sink reads its topics again from the beginning, since its store lacks what it had. */
  readonly onRefill?: (part: PartName) => void
  /** A store has no room for what it must write now, with the reason; said again at each try. */
  readonly onTrouble?: (part: PartName, reason: string) => void
}

/** finishing: everything is through, the files are being put together. */
export type RunPhase = 'running' | 'finishing' | 'draining'

/** A process that has a part of a run. */
export interface Here {
  /** What it tells of problems made and rows accepted is true of the whole run. */
  readonly leads: boolean
  /** Records that wait for its parts, those under way included, whichever process will take them; null: not known. */
  readonly left: number | null
}

export interface RunSnapshot {
  readonly phase: RunPhase
  /** null: this process leads and has all stages. */
  readonly here: Here | null
  readonly startedAt: number
  /** Problems wanted, or that a replay takes; null: no end, or not known. */
  readonly total: number | null
  /** Share of its range that a replay has read, 0 to 1; null: not known, or no replay. */
  readonly read: number | null
  /** Problems on the log. */
  readonly made: number
  /** Lines of the imported file that were refused, by earlier starts too. */
  readonly brokenLines: number
  /** Why the producer has stopped; null while it works. */
  readonly produced: ProduceEnd | null
  readonly accepted: Accepted
  /** Rows asked for; null: none are. */
  readonly wanted: { readonly [Type in keyof Accepted]: number | null } | null
  readonly stages: readonly StageState[]
  readonly sinks: readonly SinkState[]
  readonly llm: LlmState
  /** Answers and scores that this process of a replay took over, by the role that would have been asked; null: it takes none. */
  readonly kept: Readonly<Record<string, number>> | null
  readonly sender: SenderState
  /** What the run has spent, other processes and earlier starts included, and what it may spend. */
  readonly spent: Spent
  readonly budget: Budget
}

export interface DataFile {
  readonly type: 'sft' | 'preference'
  readonly path: string
  readonly records: number
  /** Rows that were accepted beyond what was asked for. */
  readonly surplus: number
}

/** Records of a stage that a drain cut off: they come again from the last commit. */
export interface CutOff {
  readonly stage: string
  readonly records: number
}

export interface RunResult {
  readonly state: 'finished' | 'stopped'
  readonly files: readonly DataFile[]
  /** The budget that stopped the run; null where none did. */
  readonly endedBy: BudgetName | null
  readonly cut: readonly CutOff[]
}

export interface ActiveRun {
  /** State that an earlier process left; null for a new run. */
  readonly previous: RunRecord | null
  /** Problems that were on the log before. */
  readonly existing: number
  snapshot(): RunSnapshot
  /** Takes endpoints, weights and limits from a changed config. Throws UsageFault and changes nothing then. */
  update(config: LoadedConfig['config']): void
  /** Drains and commits: within about ten seconds where the broker answers. `done` then resolves with `stopped`. */
  stop(): Promise<void>
  /** Rejects with the Failure that ended the run. */
  readonly done: Promise<RunResult>
}

// What a stage and a sink tell of themselves while they run.

export interface StageState {
  readonly name: string
  /** Records of this run taken, and how they ended. Those that others' runs sent are not counted. */
  readonly received: number
  /** Of these, dead letters that were sent again: each had come to an end before. */
  readonly redriven: number
  readonly emitted: number
  readonly rejected: number
  readonly dead: number
  /** At work; of these, waiting for a server that is down; taken and not started. */
  readonly running: number
  readonly waiting: number
  readonly queued: number
  /** True while no more records are fetched (back-pressure or draining). */
  readonly paused: boolean
  /** Sum of the time inside the stage's Process, seconds. */
  readonly seconds: number
  readonly lastError: string | null
}

export interface SinkState {
  readonly name: string
  readonly received: number
  /** Rows written and committed soon. */
  readonly written: number
  readonly batches: number
  readonly dead: number
  /** Rows of the batch that is being written; rows that wait. */
  readonly writing: number
  readonly queued: number
  /** True while the sink does not take its batch. */
  readonly waiting: boolean
  readonly paused: boolean
  /** Sum of the time inside write(), seconds. */
  readonly seconds: number
  readonly lastError: string | null
}

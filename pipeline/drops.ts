// Which drops a start of a run has to give way to, and what readers are told of them.

import { UsageFault } from '../schemas/failure.ts'
import type { RunRecord } from '../schemas/records.ts'

/** What a reader is told of a revision that is half gone. */
export function halfDropped({ runId, revision }: Pick<RunRecord, 'runId' | 'revision'>): UsageFault {
  return new UsageFault(
    `revision ${revision} of run ${runId} is being dropped: finish that with ./magpie revisions drop ${revision} --run ${runId}`,
  )
}

/** Throws UsageFault: what a drop could not take off the log would be taken for the new revision's. */
export function assertNotDropped({ runId, revision, state }: RunRecord): void {
  if (state === 'dropping')
    throw new UsageFault(
      `revision ${revision} of run ${runId} is being dropped: end that with ./magpie revisions drop ${revision} --run ${runId}, or take another name`,
    )
  if (state === 'dropped')
    throw new UsageFault(
      `revision ${revision} of run ${runId} was dropped, and topics that it shares, or tables that it was left in, still hold some of its records: take another name`,
    )
}

/**
 * Throws UsageFault while a revision of the same name is dropped in another run: topics are shared by name, and the drop
 * takes those away that a new revision would write.
 */
export function assertNoDrop(words: ReadonlyMap<string, RunRecord>): void {
  for (const { runId, revision, state } of words.values())
    if (state === 'dropping')
      throw new UsageFault(
        `revision ${revision} of run ${runId} is being dropped, and topics of this name go with it: end that with ./magpie revisions drop ${revision} --run ${runId}, or take another name`,
      )
}

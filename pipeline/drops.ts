// Which drops a start of a run has to give way to.

import { UsageFault } from '../schemas/failure.ts'
import type { RunRecord } from '../schemas/records.ts'

/** Throws UsageFault: what a drop could not take off the log would be taken for the new revision's. */
export function assertNotDropped({ runId, revision, state }: RunRecord): void {
  if (state === 'dropping')
    throw new UsageFault(
      `revision ${revision} of run ${runId} is being dropped: end that with ./magpie revisions drop ${revision} --run ${runId}, or take another name`,
    )
  if (state === 'dropped')
    throw new UsageFault(
      `revision ${revision} of run ${runId} was dropped, and topics that it shares still hold some of its records: take another name`,
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

// What a drop takes away, and what it leaves.

import type { TableRows } from '../../sinks/clickhouse/revision-rows.ts'
import type { RevisionFiles } from '../../sinks/json/remove.ts'
import type { Outgoing } from '../../stream/outgoing.ts'

export interface DropPlan {
  readonly runId: string
  readonly revision: string
  /** Topics that go, by their names on the broker. */
  readonly topics: readonly string[]
  /** Topics that stay, since other runs have a revision of the same name. */
  readonly kept: readonly string[]
  readonly keptFor: readonly string[]
  /** Consumer groups that go. */
  readonly groups: readonly string[]
  /** Tombstones for what shared topics hold of it by key: starts, spending, selections, kept model calls. */
  readonly entries: readonly Outgoing[]
  /** Dead letters of it: they stay on the shared topic, and nobody is shown them any more. */
  readonly letters: number
  /** Rows by table; null: the tables are left alone. */
  readonly rows: readonly TableRows[] | null
  /** null: they are left alone, or not here. */
  readonly files: RevisionFiles | null
  /** Where the run's folder should be and is not; null: they were found, there are none, or they are left alone. */
  readonly filesNotIn: string | null
  /** Where its rows are left alone: what its last word keeps of its config, as JSON, so that a later drop finds them; else null. */
  readonly rowsLeftIn: string | null
  /** Nothing of it stays, so that its name is free again. */
  readonly isClean: boolean
}

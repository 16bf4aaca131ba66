// What `models check` finds: one remark of one check on one endpoint.

/** error: data would be spoilt or lost. warning: worth a look before hours are paid. note: good to know. */
export type Severity = 'error' | 'warning' | 'note'

/** The checks, each a file beside this one. */
export type CheckName =
  'served' | 'prefix' | 'bos' | 'stops' | 'defaults' | 'context' | 'thought' | 'reward' | 'embedding' | 'priority'

export interface Remark {
  readonly severity: Severity
  readonly check: CheckName
  /** What was seen at the server. */
  readonly seen: string
  /** What to change in the config or at the server; empty for a note that asks for nothing. */
  readonly advice: string
}

export interface Finding extends Remark {
  /** A role, or `reward:NAME`. */
  readonly caller: string
  readonly endpoint: string
  readonly model: string
}

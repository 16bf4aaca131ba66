// The rows that a run is asked for, in words.

import type { RunSnapshot } from '../pipeline/run-contract.ts'
import type { Messages } from './messages/contract.ts'

/** All that is asked for; nothing where no rows are. */
export function wantedRows(wanted: RunSnapshot['wanted'], messages: Messages): string[] {
  return [
    ...(wanted?.sft == null ? [] : [messages.sftRecords(wanted.sft)]),
    ...(wanted?.preference == null ? [] : [messages.preferenceRecords(wanted.preference)]),
  ]
}

/** What is asked for and not all there, in words. */
export function missingRows({ accepted, wanted }: RunSnapshot, messages: Messages): string[] {
  const { sft, preference } = accepted
  return [
    ...(sft < (wanted?.sft ?? 0) ? [messages.sftRecords(sft, wanted?.sft)] : []),
    ...(preference < (wanted?.preference ?? 0) ? [messages.preferenceRecords(preference, wanted?.preference)] : []),
  ]
}

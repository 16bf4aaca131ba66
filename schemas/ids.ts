// Every id of the product, derived from what the thing is: a repeat has the same id, on any machine, at any time.
// Changing anything here breaks the resume of every run on the log.

import { v5 } from 'uuid'

/** Namespace of all magpie ids: a random UUID of our own, fixed for ever. */
const NAMESPACE = '01686961-989d-406c-9ff7-c6ee20965ebd'

// Bytes, not a string: uuid's own encoding throws on lone surrogates, which broken lines may hold.
const derive = (...parts: (string | number)[]): string => v5(Buffer.from(JSON.stringify(parts)), NAMESPACE)

/** Id of a generated problem: UUIDv5 of (run, slot, choice). */
export function problemId(runId: string, slot: number, choice: number): string {
  return derive('problem', runId, slot, choice)
}

/**
 * Id of an imported problem: UUIDv5 of (run, line content, occurrence). The first line of its content has
 * occurrence 0; an identical line later in the file has 1, so that both have an end of their own.
 */
export function importedId(runId: string, lineContent: string, occurrence = 0): string {
  return derive('imported', runId, lineContent, occurrence)
}

/** `${problemId}/answer` or `${problemId}/sample/3`. */
export function responseId(problem: string, kind: 'answer' | 'sample', index = 0): string {
  return kind === 'answer' ? `${problem}/answer` : `${problem}/sample/${String(index)}`
}

/** `${problemId}/turn/2`: a follow-up question with its answers. */
export function turnId(problem: string, turn: number): string {
  return `${problem}/turn/${String(turn)}`
}

/** `${problemId}/turn/2/answer/0`: an answer to a follow-up question. */
export function turnAnswerId(problem: string, turn: number, index: number): string {
  return `${turnId(problem, turn)}/answer/${String(index)}`
}

/** `${problemId}/sft`: the one SFT row of a problem. */
export function sftId(problem: string): string {
  return `${problem}/sft`
}

/** `${problemId}/preference/0`: a preference row of a problem. */
export function preferenceId(problem: string, index = 0): string {
  return `${problem}/preference/${String(index)}`
}

/** `${problemId}/rejection`: the one end of a refused problem. */
export function rejectionId(problem: string): string {
  return `${problem}/rejection`
}

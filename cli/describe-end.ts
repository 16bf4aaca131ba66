// The last words of a run: its files, and what to try next, on standard output.

import type { WorkEnd } from './attend.ts'
import { stateWords } from './options.ts'
import type { RunOptions } from './run-options.ts'

/** Says where the data is. next: commands to try; those of a run unless given. */
export function describeEnd(
  { result, runId, writesFiles, messages }: WorkEnd,
  { state }: Pick<RunOptions, 'state'>,
  next?: readonly string[],
): void {
  if (result?.state !== 'finished') return
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  if (result.files.length > 0) say(messages.filesWritten)
  else if (writesFiles) say(messages.noFiles)
  for (const { path, records, surplus } of result.files) {
    say(`  ${messages.file(path, records, surplus)}`)
  }
  say(messages.nextCommands)
  const at = stateWords({ state })
  for (const command of next ?? [
    `./magpie report --run ${runId}${at}`,
    `./magpie sql "SELECT * FROM sft LIMIT 3"${at}`,
  ])
    say(`  ${command}`)
}

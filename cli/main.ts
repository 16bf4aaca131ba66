// The command line: one file a command. Exit codes: 0 done, 1 the work failed or a check found something,
// 2 wrong use or config (all faults at once), 130 interrupted after a clean drain.

import { Command, CommanderError } from 'commander'
import { visible } from '../llm/visible.ts'
import { Failure, UsageFault } from '../schemas/failure.ts'
import { addAudit } from './audit.ts'
import { addDashboard } from './dashboard.ts'
import { addDeadLetters } from './dead-letters.ts'
import { addExport } from './export.ts'
import { addFingerprint } from './fingerprint.ts'
import { addGrade } from './grade.ts'
import { addImport } from './import.ts'
import { misspeltCommand } from './misspelt-command.ts'
import { misspeltFirst } from './misspelt-first.ts'
import { addModels } from './models.ts'
import { addPush } from './push.ts'
import { addQuickstart } from './quickstart.ts'
import { addReplay } from './replay.ts'
import { addReport } from './report.ts'
import { addRevisions } from './revisions.ts'
import { addRun } from './run.ts'
import { addRuns } from './runs.ts'
import { addServices } from './services.ts'
import { addSimulate } from './simulate.ts'
import { redactorOf } from './secrets.ts'
import { addSearch } from './search.ts'
import { addSql } from './sql.ts'
import { addTopics } from './topics.ts'
import { programVersion } from './version.ts'

/** Runs one command line; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('magpie')
    .description('Turns GPU time into mathematical reasoning data that people can trust.')
    .version(programVersion())
    // An option belongs to the command that it stands behind: topics and topics dump both have --run.
    .enablePositionalOptions()
    .showHelpAfterError('(./magpie --help lists the commands, ./magpie COMMAND --help their options)')
    .exitOverride()
  for (const add of [
    addQuickstart,
    addRun,
    addImport,
    addReplay,
    addSimulate,
    addReport,
    addAudit,
    addSql,
    addSearch,
    addExport,
    addPush,
    addRuns,
    addRevisions,
    addTopics,
    addDashboard,
    addDeadLetters,
    addGrade,
    addFingerprint,
    addModels,
    addServices,
  ]) {
    add(program)
  }
  program.addHelpText('after', '\nStart here:\n  ./magpie quickstart')
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program)
  misspeltCommand(program)
  misspeltFirst(program)
  try {
    await program.parseAsync(argv)
    return typeof process.exitCode === 'number' ? process.exitCode : 0
  } catch (error) {
    return reportError(error)
  }
}

/** Says what went wrong and returns the exit code. A reader that closed our pipe (head) is no error. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageFault) {
    for (const fault of error.faults) process.stderr.write(`magpie: ${shown(fault)}\n`)
    return 2
  }
  if (error instanceof Failure) {
    process.stderr.write(`magpie: ${shown(error.message)}\n`)
    return error.code === 'interrupted' ? 130 : 1
  }
  process.stderr.write(
    `magpie: unexpected error, please report it: ${shown(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
  )
  return 1
}

/** Messages quote files, models and servers: no secret of ours, no control character that a terminal would obey. */
function shown(message: string): string {
  return redactorOf(process.env)(message).split('\n').map(visible).join('\n')
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`magpie: the output cannot be written: ${shown(error.message)}\n`)
  process.exit(1)
})

process.exitCode = await main(process.argv)
// A connection that a library has lost sight of must not keep a finished command alive.
setTimeout(() => process.exit(), 1000).unref()

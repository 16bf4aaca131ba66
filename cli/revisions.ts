// magpie revisions: what was made again of a run, and its end.

import type { Command } from 'commander'
import { addRevisionsDrop } from './revisions-drop.ts'
import { addRevisionsList } from './revisions-list.ts'

const EXAMPLES = `
Examples:
  ./magpie revisions list --run my-run
  ./magpie revisions drop strict --run my-run --dry-run`

/** Adds the command with its own commands. */
export function addRevisions(program: Command): void {
  const revisions = program
    .command('revisions')
    .description('Revisions of runs (what `replay` makes): list or drop.')
    .addHelpText('after', EXAMPLES)
  addRevisionsList(revisions)
  addRevisionsDrop(revisions)
  for (const command of revisions.commands) command.exitOverride().copyInheritedSettings(program)
}

// `magpie dead-letters`: what no stage could take: list it, look at one, send it on its way again.

import type { Command } from 'commander'
import { addDeadLettersList } from './dead-letters-list.ts'
import { addDeadLettersRedrive } from './dead-letters-redrive.ts'
import { addDeadLettersShow } from './dead-letters-show.ts'

const EXAMPLES = `
Examples:
  ./magpie dead-letters list --run my-run
  ./magpie dead-letters show 3/17
  ./magpie dead-letters redrive --run my-run --stage answer --code context-length --dry-run
  ./magpie dead-letters redrive --run my-run --stage answer --code context-length`

/** Adds the command. */
export function addDeadLetters(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('records that no stage could take: list, show, send again')
    .addHelpText('after', EXAMPLES)
  addDeadLettersList(letters)
  addDeadLettersShow(letters)
  addDeadLettersRedrive(letters)
}

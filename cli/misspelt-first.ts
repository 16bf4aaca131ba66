// Who misspells an option that a command needs is told so. Commander asks for missing options before it looks at unknown
// ones, and `replay --revison x` would be answered by "--revision is missing".

import type { Command } from 'commander'

/** Asks for the needed options of the command, and of those below it, when all others are known. */
export function misspeltFirst(command: Command): void {
  for (const each of command.commands) misspeltFirst(each)
  const needed = command.options.filter(({ mandatory }) => mandatory)
  for (const option of needed) option.mandatory = false
  command.hook('preAction', () => {
    for (const option of needed)
      if (command.getOptionValue(option.attributeName()) === undefined)
        command.error(`error: required option '${option.flags}' not specified`)
  })
}

// Who misspells a command is told which was meant, wherever it stands: also below a command that does something by
// itself (`topics dmp`), where commander counts arguments, and behind help, where it shows all that there is.

import type { Command } from 'commander'
import { nearest } from '../configs/nearest.ts'

/** Gives the command, and those below it that have commands, a help of this kind; call it when all commands are there. */
export function misspeltCommand(command: Command): void {
  for (const each of command.commands) if (each.commands.length > 0) misspeltCommand(each)
  command.hook('preSubcommand', (_, chosen) => {
    const word = command.args[1]
    if (chosen.commands.length > 0 && word !== undefined && !word.startsWith('-')) below(chosen, word)
  })
  command
    .helpCommand(false)
    .command('help')
    .description('display help for command')
    .argument('[command...]')
    .exitOverride()
    .copyInheritedSettings(command)
    .action((words: readonly string[]) => {
      words.reduce(below, command).help()
    })
}

/** The command of this name, or the end with what was meant. */
function below(command: Command, name: string): Command {
  const found = command.commands.find((each) => each.name() === name || each.aliases().includes(name))
  if (found !== undefined) return found
  const near = nearest(
    name,
    command.commands.map((each) => each.name()),
  )
  return command.error(`error: unknown command '${name}'${near === null ? '' : `\n(Did you mean ${near}?)`}`)
}

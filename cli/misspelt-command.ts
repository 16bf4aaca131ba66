// Who misspells a command is told which was meant, wherever it stands: also below a command that does something by
// itself (`topics dmp`, `topics --json dmp`), where commander counts arguments, and behind help, where it shows all that
// there is.

import type { Command } from 'commander'
import { nearest } from '../configs/nearest.ts'

/** Gives the command, and those below it that have commands, a help of this kind; call it when all commands are there. */
export function misspeltCommand(command: Command): void {
  for (const each of command.commands) if (each.commands.length > 0) misspeltCommand(each)
  command.hook('preSubcommand', (_, chosen) => {
    if (chosen.commands.length === 0) return
    const word = firstWord(chosen, command.args.slice(1))
    if (word !== undefined) below(chosen, word)
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

/** The first word that is neither an option of the command nor the value of one. */
function firstWord({ options }: Command, words: readonly string[]): string | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!
    if (!word.startsWith('-')) return word
    const option = options.find(({ short, long }) => word === short || word === long)
    if (option?.required === true || (option?.optional === true && words[at + 1]?.startsWith('-') === false)) at += 1
  }
  return undefined
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

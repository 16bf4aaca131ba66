// What is told when a command is misspelt: at the top, below a command with commands, and behind help.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command, CommanderError } from 'commander'
import { misspeltCommand } from '../../cli/misspelt-command.ts'

/** What the words give: what a command did, or what was written, with the exit code. */
async function answerTo(...words: string[]): Promise<{ said: string; code: number }> {
  let said = ''
  const write = (text: string) => (said += text)
  const program = new Command('tool')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: write, writeOut: write })
  const group = program
    .command('topics')
    .option('--json')
    .option('--run <name>')
    .option('--watch [s]')
    .description('what there is')
  group.command('dump').argument('[folder]').description('copies')
  group.action(() => void (said += 'all topics'))
  group.commands[0]!.action((folder: string) => void (said += `to ${folder}`))
  const letters = program.command('letters')
  letters.command('show').action(() => void (said += 'letter'))
  for (const each of [group, ...group.commands, letters, ...letters.commands])
    each.exitOverride().copyInheritedSettings(program)
  misspeltCommand(program)
  const code = await program.parseAsync(words, { from: 'user' }).then(
    () => 0,
    (error: unknown) => (error instanceof CommanderError ? error.exitCode : NaN),
  )
  return { said, code }
}

const MEANT = "error: unknown command 'dmp'\n(Did you mean dump?)\n"

describe('a misspelt command', () => {
  it('is named, with what was meant, below a command that does something by itself', async () => {
    for (const words of [
      ['dmp'],
      ['dmp', '--to', 'there'],
      ['help', 'dmp'],
      ['--json', 'dmp'],
      ['--run', 'dump', 'dmp', '--to', 'there'],
      ['--run=dump', '--watch', '5', 'dmp'],
      ['--watch', '--json', 'dmp'],
    ])
      assert.deepEqual(await answerTo('topics', ...words), { said: MEANT, code: 1 }, words.join(' '))
    assert.deepEqual(await answerTo('help', 'topics', 'dmp'), { said: MEANT, code: 1 })
    assert.match((await answerTo('letters', 'shw')).said, /^error: unknown command 'shw'\n\(Did you mean show\?\)/)
    assert.equal((await answerTo('topics', 'zzz')).said, "error: unknown command 'zzz'\n")
  })

  it('is named behind help', async () => {
    const { said, code } = await answerTo('help', 'topisc')
    assert.deepEqual([said, code], ["error: unknown command 'topisc'\n(Did you mean topics?)\n", 1])
    assert.match((await answerTo('help', 'topics', 'dump', 'x')).said, /unknown command 'x'/)
  })

  it('is none where the command is right', async () => {
    assert.equal((await answerTo('topics')).said, 'all topics')
    assert.equal((await answerTo('topics', '--json')).said, 'all topics')
    assert.equal((await answerTo('topics', '--run', 'dmp', '--watch', '5')).said, 'all topics')
    assert.equal((await answerTo('topics', '--json', 'dump', 'there')).said, 'to there')
    assert.equal((await answerTo('topics', 'dump', 'there')).said, 'to there')
    assert.equal((await answerTo('letters', 'show')).said, 'letter')
    for (const [words, usage] of [
      [['help'], /^Usage: tool .*help \[command\.\.\.\]/s],
      [['help', 'topics'], /^Usage: tool topics .*dump .*help \[command\.\.\.\]/s],
      [['help', 'topics', 'dump'], /^Usage: tool topics dump /],
      [['topics', 'help', 'dump'], /^Usage: tool topics dump /],
    ] as const) {
      const { said, code } = await answerTo(...words)
      assert.match(said, usage)
      assert.equal(code, 0)
    }
  })
})

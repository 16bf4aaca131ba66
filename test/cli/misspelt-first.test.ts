// What is told when an option that a command needs is misspelt, and when it is left out.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { misspeltFirst } from '../../cli/misspelt-first.ts'

/** What the words give: what the command did, or what was said. */
async function answerTo(...words: string[]): Promise<string> {
  let answer = ''
  const program = new Command('tool').exitOverride().configureOutput({ writeErr: (text) => (answer += text) })
  program
    .command('group')
    .command('dump')
    .requiredOption('-o, --out-folder <folder>', 'where to')
    .requiredOption('--run <name>', 'which', 'newest')
    .action(({ outFolder, run }: { outFolder: string; run: string }) => {
      answer = `${run} to ${outFolder}`
    })
  for (const group of program.commands)
    for (const each of [group, ...group.commands]) each.exitOverride().copyInheritedSettings(program)
  misspeltFirst(program)
  await program.parseAsync(words, { from: 'user' }).catch(() => undefined)
  return answer
}

describe('an option that a command needs', () => {
  it('is asked for when it is left out, and not when it has a value', async () => {
    assert.match(await answerTo('group', 'dump'), /required option '-o, --out-folder <folder>' not specified/)
    assert.equal(await answerTo('group', 'dump', '-o', 'there'), 'newest to there')
  })

  it('is named when it is misspelt', async () => {
    const answer = await answerTo('group', 'dump', '--out-foldr', 'there')
    assert.match(answer, /unknown option '--out-foldr'\n\(Did you mean --out-folder\?\)/)
    assert.doesNotMatch(answer, /not specified/)
  })
})

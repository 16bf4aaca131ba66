// magpie dead-letters list: which records no stage could take, and how many by stage and code. Read from the log, so it
// needs no database and says what is true now.

import type { Command } from 'commander'
import { countLetters, isMeant } from '../stream/letter-filter.ts'
import { addLetterOptions, filterOf, kafkaOption, withLetters } from './letter-options.ts'
import type { LetterOptions } from './letter-options.ts'
import { countTable, letterJson, letterTable } from './letter-view.ts'
import { stateOption } from './options.ts'

const LIMIT = 100

/** Adds the command. */
export function addDeadLettersList(letters: Command): void {
  addLetterOptions(letters.command('list'))
    .description('dead letters, the newest first, and how many by stage and code')
    .option('--waiting', 'only those that were not sent again')
    .option('--json', 'as JSON')
    .addOption(kafkaOption())
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
A letter is named by its place in the topic dead-letters (partition/offset). State: waits; redriven; broken off
(a redrive was killed: run it again, it finds out what was sent). ${LIMIT} are shown unless --limit says otherwise.

Examples:
  ./magpie dead-letters list --run my-run --waiting
  ./magpie dead-letters list --stage answer --since 2h --json`,
    )
    .action(async (options: LetterOptions & { waiting?: true; json?: true }) => {
      const text = await withLetters(options, (_connection, book) => {
        const all = book.letters()
        const filter = { ...filterOf(options, all), waiting: options.waiting }
        const meant = all.filter((letter) => isMeant(letter, filter))
        const newest = meant.toSorted((one, other) => other.failedAt - one.failedAt).slice(0, options.limit ?? LIMIT)
        const counts = countLetters(meant)
        if (options.json === true)
          return Promise.resolve(JSON.stringify({ letters: newest.map(letterJson), counts }, null, 2))
        if (meant.length === 0) return Promise.resolve(all.length === 0 ? 'no dead letters' : 'no such dead letters')
        const waiting = counts.reduce((sum, each) => sum + each.waiting, 0)
        const shown = newest.length === meant.length ? '' : `, the newest ${newest.length} are shown (--limit)`
        const whole = `${meant.length} dead letters: ${waiting} wait${shown}`
        return Promise.resolve([letterTable(newest), countTable(counts), whole].join('\n\n'))
      })
      process.stdout.write(`${text}\n`)
    })
}

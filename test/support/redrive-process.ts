// A redrive in a process of its own, to be killed: redrives all waiting letters of a run. Words: brokers, run.

import { silentLogger } from '../../schemas/logger.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { newMarker } from '../../stream/letter-marks.ts'
import { openLetterBook } from '../../stream/letters.ts'
import { redriveLetters } from '../../stream/redrive.ts'
import { createSender } from '../../stream/sender.ts'

const [brokers = '', run = ''] = process.argv.slice(2)
const connection = connectKafka({ brokers: brokers.split(','), log: silentLogger })
const { signal } = new AbortController()
const sender = await createSender(connection, silentLogger)
const book = await openLetterBook(connection, signal, (of) => of === run)
const waiting = book.letters().filter(({ redrivenAt }) => redrivenAt === null)
process.stdout.write('ready\n')
await redriveLetters({ connection, sender, book, marker: newMarker(), now: Date.now, signal }, waiting)
process.stdout.write('done\n')
process.exit()

// A process with one stage in it whose records take many model calls at once, to be killed. It says on its output which
// calls it makes, as `p0/17`. Calls from `holdFrom` on (if given) get no answer until the end of the process.
// Arguments: JSON of { brokers, runId, from, to, group, journal, calls, holdFrom? }.

import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { createJournal } from '../../stream/journal.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { journalTopic } from '../../stream/read-calls.ts'
import { createSender } from '../../stream/sender.ts'
import { startStage } from '../../stream/stage.ts'

const given = JSON.parse(process.argv[2]!) as {
  brokers: string
  runId: string
  from: string
  to: string
  group: string
  journal: string
  calls: number
  holdFrom?: number
}
const codec = await createCodec()
const connection = connectKafka({ brokers: given.brokers.split(','), log: silentLogger })
const sender = await createSender(connection, silentLogger)
const topic = journalTopic(connection, given.journal)
const stage = startStage<'Problem', Problem>({
  connection,
  sender,
  codec,
  name: 'killed',
  group: given.group,
  from: given.from,
  reads: 'Problem',
  runId: given.runId,
  revision: 'main',
  inFlight: () => 16,
  log: silentLogger,
  journal: createJournal({ topic, sender, codec, log: silentLogger, now: Date.now }),
  async process(problem, { calls }) {
    const answers = await Promise.all(
      Array.from({ length: given.calls }, (_, index) =>
        calls.run(`call ${index}`, async () => {
          process.stdout.write(`${problem.id}/${index}\n`)
          if (index >= (given.holdFrom ?? Infinity)) await new Promise(() => undefined)
          return `${process.pid} says ${index}`
        }),
      ),
    )
    return { emit: { ...problem, text: answers.join('\n') } }
  },
  route: (problem) => [{ topic: given.to, key: problem.id, value: codec.encode('Problem', problem) }],
})
await stage.stopped

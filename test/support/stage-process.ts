// A process with one stage in it, to be killed: emits each problem after a short work, says so on its output. Problems
// from slot `holdFrom` on (if given) stay at work until the end of the process.
// Arguments: JSON of { brokers, runId, from, to, group, milliseconds, holdFrom? }.

import { setTimeout as wait } from 'node:timers/promises'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { createSender } from '../../stream/sender.ts'
import { startStage } from '../../stream/stage.ts'

const given = JSON.parse(process.argv[2]!) as {
  brokers: string
  runId: string
  from: string
  to: string
  group: string
  milliseconds: number
  holdFrom?: number
}
const codec = await createCodec()
const connection = connectKafka({ brokers: given.brokers.split(','), log: silentLogger })
const stage = startStage<'Problem', Problem>({
  connection,
  sender: await createSender(connection, silentLogger),
  codec,
  name: 'killed',
  group: given.group,
  from: given.from,
  reads: 'Problem',
  runId: given.runId,
  revision: 'main',
  inFlight: () => 16,
  log: silentLogger,
  async process(problem, { signal }) {
    process.stdout.write(`${problem.id}\n`)
    await wait(problem.slot >= (given.holdFrom ?? Infinity) ? 3_600_000 : given.milliseconds, undefined, { signal })
    return { emit: problem }
  },
  route: (problem) => [{ topic: given.to, key: problem.id, value: codec.encode('Problem', problem) }],
})
await stage.stopped

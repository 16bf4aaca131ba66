// A process with one stage in it that, as a model server does, never gives the same answer twice: a record becomes one
// message, two messages, a rejection or a dead letter, by chance. Says `at work ID` and `sent ID` on its output.
// Leaves its group on SIGTERM.
// Arguments: JSON of { brokers, runId, revision, from, to, second, group, milliseconds, sessionTimeoutMs?, die? }.
// die: kills itself (SIGKILL) at the so many-th sending: as soon as it has begun, or as soon as it is acknowledged.

import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createCodec } from '../../schemas/codec.ts'
import { permanent } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { createSender } from '../../stream/sender.ts'
import { startStage } from '../../stream/stage.ts'

export interface Given {
  readonly brokers: string
  readonly runId: string
  readonly revision: string
  readonly from: string
  readonly to: string
  readonly second: string
  readonly group: string
  readonly milliseconds: number
  readonly sessionTimeoutMs?: number
  readonly die?: { readonly when: 'sending' | 'acknowledged'; readonly count: number }
}

const given = JSON.parse(process.argv[2]!) as Given
const codec = await createCodec()
const connection = connectKafka({ brokers: given.brokers.split(','), log: silentLogger })
const sender = await createSender(connection, silentLogger)
const counts = { sending: 0, acknowledged: 0 }

function dieAt(when: 'sending' | 'acknowledged'): void {
  counts[when] += 1
  if (given.die?.when === when && given.die.count === counts[when]) process.kill(process.pid, 'SIGKILL')
}

const stage = startStage<'Problem', Problem>({
  connection,
  sender: {
    ...sender,
    async send(messages, mayGo) {
      const sending = sender.send(messages, mayGo)
      // The request is on its way, or not yet: both happen.
      setTimeout(() => {
        dieAt('sending')
      }, randomInt(3))
      await sending
      process.stdout.write(`sent ${String(messages[0]?.key)}\n`)
      dieAt('acknowledged')
    },
  },
  codec,
  name: 'fickle',
  group: given.group,
  from: given.from,
  reads: 'Problem',
  runId: given.runId,
  revision: given.revision,
  inFlight: () => 16,
  log: silentLogger,
  deadLetterShare: 1,
  ...(given.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: given.sessionTimeoutMs }),
  async process(problem, { signal }) {
    process.stdout.write(`at work ${problem.id}\n`)
    await wait(given.milliseconds, undefined, { signal })
    const chance = randomInt(10)
    if (chance === 0) return { reject: { reason: 'by-chance', detail: randomUUID() } }
    if (chance === 1) throw permanent('by-chance', randomUUID())
    return { emit: { ...problem, text: randomUUID(), slot: chance } }
  },
  route(problem) {
    const message = { key: problem.id, value: codec.encode('Problem', problem) }
    const first = { topic: given.to, ...message }
    return problem.slot < 6 ? [first] : [first, { topic: given.second, ...message }]
  },
  writes: [given.to, given.second, `rejections.${given.revision}`, 'dead-letters'],
})
process.once('SIGTERM', () => {
  void stage.drain(2000).then(() => process.exit())
})
await stage.stopped

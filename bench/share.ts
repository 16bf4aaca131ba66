// What a replay beside a live run costs the live run: both ask one engine (the simulator in a process of its own: 64
// slots, log-normal times around 1 s) for more than it can take, the replay with the whole engine, then with a fifth, each
// with the same place in its queue as the run and behind it.
//   node_modules/.bin/node bench/share.ts        30 s for each
//   node_modules/.bin/node bench/share.ts 60
// Printed: answers a second of the live run and of the replay, and the live run's as a ratio to those that it has
// alone, where it fills the engine and where it leaves half of it free. Exit code 1 when a share of 0.2 takes more
// than a fifth from the live run.

import { setTimeout as wait } from 'node:timers/promises'
import { roleConfig } from '../llm/config.ts'
import { createLlm } from '../llm/llm.ts'
import { silentLogger } from '../schemas/logger.ts'
import { openBenchWorkshop } from './workshop.ts'

const SLOTS = 64
const LATENCY_MS = 1000
/** Until limits are found and calls of the case before have ended. */
const WARM_UP_MS = 12_000
const SHARE = 0.2
const BEHIND = 10

interface Client {
  answered(): number
  close(): Promise<void>
}

/** A run that always has so many calls to make. */
function startClient(url: string, calls: number, { share, priority }: { share: number; priority: number }): Client {
  const endpoints = [{ url, schedulingPolicy: 'priority' }]
  const roles = { sampler: roleConfig.parse({ endpoints, model: 'm' }) }
  const llm = createLlm({ roles, rewarders: {}, share, priority, log: silentLogger })
  const stop = new AbortController()
  let [asked, answered] = [0, 0]
  const ask = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      asked += 1
      const input = { messages: [{ role: 'user' as const, content: `Problem ${asked}: what is ${asked} + 1?` }] }
      const context = { role: 'sampler', signal: stop.signal, rank: 1 } as const
      const said = await llm.complete({ input, seed: asked }, context).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error
        return []
      })
      answered += said.length
    }
  }
  const work = Promise.all(Array.from({ length: calls }, ask))
  return {
    answered: () => answered,
    close: async () => {
      stop.abort()
      await work
      await llm.close()
    },
  }
}

const seconds = Number(process.argv[2] ?? 30)
if (!(seconds >= 5)) throw new Error('give a number of seconds of at least 5')
const workshop = await openBenchWorkshop({ withKafka: false })
try {
  const speed = ['--slots', `${SLOTS}`, '--latency-ms', `${LATENCY_MS}`, '--sigma', '0.8']
  const { url } = await workshop.simulator([...speed, '--scheduling-policy', 'priority'])
  process.stdout.write('| live run | beside it | live, answers/s | replay, answers/s | live, ratio |\n')
  process.stdout.write('|---|---|---:|---:|---:|\n')
  for (const [name, calls] of [
    ['fills the engine', 3 * SLOTS],
    ['fills half of it', SLOTS / 2],
  ] as const) {
    const live = startClient(url, calls, { share: 1, priority: 0 })
    let alone: number | null = null
    for (const [beside, standing] of [
      ['nothing', null],
      ['a replay', { share: 1, priority: 0 }],
      [`a replay, --share ${SHARE}`, { share: SHARE, priority: 0 }],
      ['a replay behind it', { share: 1, priority: BEHIND }],
      [`a replay behind it, --share ${SHARE}`, { share: SHARE, priority: BEHIND }],
    ] as const) {
      const replay = standing === null ? null : startClient(url, 3 * SLOTS, standing)
      await wait(WARM_UP_MS)
      const [liveBefore, replayBefore] = [live.answered(), replay?.answered() ?? 0]
      await wait(seconds * 1000)
      const rate = (live.answered() - liveBefore) / seconds
      const other = ((replay?.answered() ?? 0) - replayBefore) / seconds
      alone ??= rate
      const ratio = rate / alone
      process.stdout.write(`| ${name} | ${beside} | ${rate.toFixed(1)} | ${other.toFixed(1)} | ${ratio.toFixed(2)} |\n`)
      if (standing?.share === SHARE && ratio < 1 - SHARE) process.exitCode = 1
      await replay?.close()
    }
    await live.close()
  }
} finally {
  await workshop.close()
}

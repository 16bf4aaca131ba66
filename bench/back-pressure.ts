// Back-pressure: a stage that is far too slow (a simulator with 4 slots) behind ones that are fast (256 slots), for an
// hour's worth of simulated work. Every queue, the lag of every topic and the memory must stay under the bound that the
// config gives them.
//   npm run bench:back-pressure            an hour of work in two minutes
//   npm run bench:back-pressure -- 15      so many minutes of work
// The arithmetic: a sequence of the slow model takes 15 s in the hour that is played and 0.5 s here, so time runs 30
// times as fast; four slots finish 4 × 3600 / 15 = 960 sequences in that hour. Exit code 1 where a bound is passed.

import { measurePressure } from './pressure.ts'
import { openBenchWorkshop } from './workshop.ts'

const SPEED = 30
const SEQUENCE_SECONDS = 15
const SLOTS = 4

const minutes = Number(process.argv[2] ?? 60)
if (!(minutes > 0)) throw new Error('give the minutes of simulated work')
const workshop = await openBenchWorkshop()
try {
  const latency = ['--latency-ms', `${(1000 * SEQUENCE_SECONDS) / SPEED}`, '--sigma', '0.5']
  const fast = await workshop.simulator(['--slots', '256', ...latency])
  const slow = await workshop.simulator(['--slots', `${SLOTS}`, ...latency])
  const { bounds, samples, problems, looks } = await measurePressure({
    ...{ brokers: workshop.brokers, folder: workshop.folder, fastUrl: fast.url, slowUrl: slow.url },
    ...{ samples: 2, maxWaiting: 600, milliseconds: (minutes * 60_000) / SPEED },
  })
  const expected = Math.round((SLOTS * minutes * 60) / SEQUENCE_SECONDS)
  const { total, busyPerSecond } = await slow.stats()
  const busy = busyPerSecond.slice(busyPerSecond.findIndex((seconds) => seconds > 0))
  const share = busy.reduce((sum, seconds) => sum + seconds, 0) / Math.max(1, busy.length) / SLOTS
  process.stdout.write(
    `${minutes} minutes of work at ${SPEED} times the speed: ${problems} problems made, ${total.answered} samples written (four slots that are never idle write about ${expected}; ${Math.round(100 * share)} % busy since the first), ${samples} of them of finished problems, ${looks} looks\n\n`,
  )
  process.stdout.write('| what waits | most | bound | from |\n|---|---:|---:|---|\n')
  const over = bounds.filter(({ most, bound }) => most > bound)
  for (const { name, most, bound, from } of bounds) {
    const mark = most > bound ? ' **over**' : ''
    process.stdout.write(`| ${name} | ${Math.round(most)}${mark} | ${Math.round(bound)} | ${from} |\n`)
  }
  process.stdout.write(`\n${over.length === 0 ? 'every bound is kept' : `${over.length} bounds are passed`}\n`)
  if (over.length > 0) process.exitCode = 1
} finally {
  await workshop.close()
}

// Measures screening against its floors: problems a second of processor time on one core and resident memory with a
// full index, the time of a rebuild, planted near copies of real problems that are found, real problems and variants
// with other numbers that are refused. Exits with 1 below a floor. Use: node bench/screen.ts [problems, default 1000000]

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createScreen, screenConfig } from '../processors/screen.ts'
import { createScreenIndex } from '../processors/screening/screen-index.ts'
import { problemId } from '../schemas/ids.ts'
import type { Problem, Screened } from '../schemas/records.ts'
import { inventedProblems, TEMPLATES } from '../test/support/invented-problems.ts'
import { drawsOf, NEAR_COPIES } from '../test/support/near-copies.ts'
import { context, problem, screened } from '../test/support/problems.ts'

const FLOORS = { aSecond: 5000, gigabytes: 1.5, recall: 0.95, falseAlarms: 0.001 }
const wanted = Number(process.argv[2] ?? 1_000_000)
const CHUNK = 2000
const { duplicates, ...rest } = screenConfig.parse({})
const config = { ...rest, duplicates }
const index = createScreenIndex(duplicates)
const screen = createScreen({ config, index, now: () => 0 })

const processorSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}
function judge(held: boolean, text: string): void {
  if (!held) process.exitCode = 1
  console.log(`${held ? 'ok  ' : 'LOW '} ${text}`)
}

/** Screens records in chunks that are made outside the measured time. Returns processor seconds. */
async function timed(count: number, make: (at: number) => Problem): Promise<number> {
  let seconds = 0
  for (let from = 0; from < count; from += CHUNK) {
    const chunk = Array.from({ length: Math.min(CHUNK, count - from) }, (_, at) => make(from + at))
    const since = process.cpuUsage()
    for (const record of chunk) await screen(record, context())
    seconds += processorSeconds(since)
  }
  return seconds
}

const invent = inventedProblems(1)
const seconds = await timed(wanted, (at) => problem(invent(), { id: problemId('bench', at, 0), slot: at }))
const { rss } = process.memoryUsage()
judge(
  wanted / seconds >= FLOORS.aSecond,
  `${(wanted / seconds).toFixed(0)} invented problems a second, up to an index of ${index.size}`,
)
judge(
  rss / 1e9 <= FLOORS.gigabytes,
  `${(rss / 1e9).toFixed(2)} GB resident; the index ${(index.bytes / 1e9).toFixed(2)} GB, ${(index.bytes / index.size).toFixed(0)} bytes each`,
)

const texts = ['gsm8k_test', 'amc23', 'aime24'].flatMap((name) => {
  const file = join(import.meta.dirname, `../../shared/data/benchmarks/${name}.jsonl`)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { problem: string }).problem)
})
if (texts.length === 0) console.log('real problems skipped: ../shared/data/benchmarks is not on this machine')
else {
  // Each round adds a number to every text, so that the rounds are other problems.
  const rounds = 4
  const made = rounds * texts.length
  const real = await timed(made, (at) =>
    problem(`${texts[at % texts.length]!} Add ${at + 10_000}.`, { id: problemId('real', at, 0), slot: at }),
  )
  judge(made / real >= FLOORS.aSecond, `${(made / real).toFixed(0)} real problems a second with that index`)

  const filled = (): ReturnType<typeof createScreenIndex> => {
    const fresh = createScreenIndex(duplicates)
    for (const [at, text] of texts.entries()) fresh.admit(problemId('real', at, 0), text)
    return fresh
  }
  const refused = texts.length - filled().size
  judge(
    refused / texts.length <= FLOORS.falseAlarms,
    `${refused} of ${texts.length} distinct real problems refused as duplicates`,
  )
  for (const [how, copy] of Object.entries(NEAR_COPIES)) {
    const against = filled()
    const copies = texts.flatMap((text, at) => {
      const changed = copy(text, drawsOf(at + 1))
      return changed === text ? [] : [changed]
    })
    const found = copies.filter((text, at) => against.admit(problemId('copy', at, 0), text) !== null).length
    const share = found / copies.length
    judge(share >= FLOORS.recall, `${(share * 100).toFixed(1)} % of ${copies.length} near copies found: ${how}`)
  }
}

let lost = 0
let variants = 0
for (const template of TEMPLATES) {
  const draw = drawsOf(7)
  const against = createScreenIndex(duplicates)
  const made = new Set(Array.from({ length: 400 }, () => template(draw)))
  variants += made.size
  for (const [at, text] of [...made].entries()) if (against.admit(problemId('variant', at, 0), text) !== null) lost += 1
}
judge(lost === 0, `${lost} of ${variants} variants with other numbers refused`)

let making = 0
// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable over made records
async function* accepted(): AsyncGenerator<Screened> {
  const again = inventedProblems(1)
  for (let from = 0; from < wanted; from += CHUNK) {
    const since = process.cpuUsage()
    const chunk = Array.from({ length: Math.min(CHUNK, wanted - from) }, (_, at) =>
      screened(problem(again(), { id: problemId('bench', from + at, 0), slot: from + at })),
    )
    making += processorSeconds(since)
    yield* chunk
  }
}
const since = process.cpuUsage()
const held = await index.rebuild(accepted(), null)
const rebuilding = processorSeconds(since) - making
judge(
  held / rebuilding >= FLOORS.aSecond,
  `${rebuilding.toFixed(1)} s to rebuild the index of ${held}, ${(held / rebuilding).toFixed(0)} a second`,
)

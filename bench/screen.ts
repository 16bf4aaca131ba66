// Measures screening: problems a second on one core, bytes of the index for each problem, and how many planted
// near duplicates of real problems are found. Use: node bench/screen.ts [problems to index, default 50000]

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createScreen, screenConfig } from '../processors/screen.ts'
import { createScreenIndex } from '../processors/screening/screen-index.ts'
import { problemId } from '../schemas/ids.ts'
import { silentLogger } from '../schemas/logger.ts'
import type { Problem } from '../schemas/records.ts'

const wanted = Number(process.argv[2] ?? 50_000)
const config = screenConfig.parse({})
const signal = new AbortController().signal

let state = 12345
/** Small seeded generator: the bench is the same every time. */
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)]!

const NOUNS =
  'apples books coins stamps marbles cards tickets bottles boxes pens chairs plates roses shells stones kites'.split(
    ' ',
  )
const NAMES = 'Ada Ben Cleo Dan Eva Finn Gus Hana Ian Jo Kai Lea Max Nia Otto Pia'.split(' ')
const SENTENCES = [
  () => `${pick(NAMES)} has ${random(900) + 2} ${pick(NOUNS)} and gives ${random(90) + 2} of them to ${pick(NAMES)}.`,
  () => `A box holds ${random(500) + 2} ${pick(NOUNS)}, and ${random(50) + 2} boxes stand in the hall.`,
  () => `Every day ${pick(NAMES)} buys ${random(70) + 2} ${pick(NOUNS)} for $${random(900) + 1}.`,
  () => `Let $f(x) = ${random(90) + 2}x^2 - ${random(90) + 2}x + ${random(900) + 1}$.`,
  () => `Of ${random(9000) + 10} ${pick(NOUNS)}, $\\frac{${random(8) + 1}}{${random(8) + 9}}$ are broken.`,
]
const QUESTIONS = [
  () => `How many ${pick(NOUNS)} are there in the end?`,
  () => `Find the value of $f(${random(90)})$.`,
  () => `What is the total price of ${random(80) + 2} ${pick(NOUNS)}?`,
]
const invented = (): string => [pick(SENTENCES)(), pick(SENTENCES)(), pick(SENTENCES)(), pick(QUESTIONS)()].join(' ')

const record = (slot: number, text: string): Problem => ({
  id: problemId('bench', slot, 0),
  runId: 'bench',
  revision: 'main',
  createdAt: 0,
  slot,
  choice: 0,
  text,
  source: 'jsonl',
  sourceFile: null,
  sourceLine: null,
  referenceAnswer: null,
  opener: null,
  controlTask: null,
  generation: null,
  metadata: {},
})

const index = createScreenIndex(config.duplicates)
const screen = createScreen({ config, index, now: () => 0 })
const before = process.memoryUsage().rss
let slot = 0
let refused = 0
const started = performance.now()
for (; slot < wanted; slot += 1) {
  const outcome = await screen(record(slot, invented()), { signal, log: silentLogger })
  if ('reject' in outcome) refused += 1
}
const seconds = (performance.now() - started) / 1000
console.log(
  `${wanted} invented problems (${refused} refused): ${(wanted / seconds).toFixed(0)} a second; the index holds ${index.size} in ` +
    `${(index.bytes / 2 ** 20).toFixed(0)} MiB, ${(index.bytes / index.size).toFixed(0)} bytes each; RSS grew by ${((process.memoryUsage().rss - before) / 2 ** 20).toFixed(0)} MiB`,
)

const file = join(import.meta.dirname, '../../shared/data/benchmarks/gsm8k_test.jsonl')
if (existsSync(file)) {
  const texts = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { problem: string }).problem)
  let falseAlarms = 0
  for (const text of texts) if (index.admit(problemId('real', slot++, 0), text) !== null) falseAlarms += 1
  const swapped = (text: string): string => {
    const words = text.split(' ')
    const at = words.findIndex((word, place) => place > words.length / 2 && /^[a-z]{4,}$/.test(word))
    return words.map((word, place) => (place === at ? 'something' : word)).join(' ')
  }
  const planted: Record<string, (text: string) => string> = {
    'one word exchanged': swapped,
    'sentences reversed': (text) =>
      text
        .split(/(?<=[.?!])\s+/)
        .reverse()
        .join(' '),
    'other blanks and case': (text) => `  ${text.toUpperCase().replaceAll(' ', '  ')}`,
    'numbers in dollars': (text) => text.replace(/\d[\d,.]*\d|\d/g, '$$$&$$'),
  }
  for (const [how, change] of Object.entries(planted)) {
    let found = 0
    for (const text of texts) if (index.admit(problemId('planted', slot++, 0), change(text)) !== null) found += 1
    console.log(`planted ${how}: ${found} of ${texts.length} found`)
  }
  const renumbered = texts.map((text) => text.replace(/\d+/, (digits) => String(Number(digits) + 1)))
  let kept = 0
  for (const text of renumbered) if (index.admit(problemId('kept', slot++, 0), text) === null) kept += 1
  console.log(
    `first number changed: ${kept} of ${texts.length} kept; real problems refused as duplicates: ${falseAlarms}`,
  )
} else {
  console.log('planted duplicates skipped: ../shared/data/benchmarks is not on this machine')
}

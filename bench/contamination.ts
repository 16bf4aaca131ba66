// Measures contamination: the share of planted benchmark problems that is found, what is refused wrongly, and the cost of
// a problem and of loading, in CPU time. Use: node bench/contamination.ts

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInventor } from '../local/engine/invented.ts'
import { fingerprintProblems } from '../processors/screening/contamination-fingerprint.ts'
import { openContamination, shippedBenchmarks } from '../processors/screening/contamination-files.ts'
import { contaminationConfig, createContamination } from '../processors/screening/contamination.ts'

const config = contaminationConfig.parse({})
const data = join(import.meta.dirname, '../../shared/data/benchmarks')
const FILES = { gsm8k: 'gsm8k_test.jsonl', aime24: 'aime24.jsonl', amc23: 'amc23.jsonl' }

/** CPU microseconds that the work takes. */
function cpu(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const loading = cpu(() => openContamination(config))
const shipped = openContamination(config)!
console.log(`${shipped.size} problems of ${shippedBenchmarks().join(', ')} load in ${(loading / 1000).toFixed(0)} ms`)

const inventor = createInventor()
const invented = Array.from({ length: 50_000 }, (_, seed) => inventor.problem(seed, ''))
let alarms = 0
const asked = cpu(() => {
  for (const text of invented) if (shipped.find(text) !== null) alarms += 1
})
console.log(
  `invented problems: ${(asked / invented.length).toFixed(1)} µs each; ${alarms} of ${invented.length} refused`,
)

const everyWord =
  (step: number) =>
  (text: string): string =>
    text
      .split(' ')
      .map((word, index) => (index % step === step - 3 && /^[a-z]+$/.test(word) ? 'something' : word))
      .join(' ')

const PLANTED: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'other blanks, capitals': (text) => text.toUpperCase().replaceAll(' ', '  '),
  'in a longer text': (text) => `A nice one for the class: ${text} Explain every one of your steps.`,
  'every 14th word exchanged': everyWord(14),
  'every 10th word exchanged': everyWord(10),
  'every 7th word exchanged': everyWord(7),
  'every number changed': (text) => text.replace(/\d+/g, (digits) => String(Number(digits) + 1)),
}

if (existsSync(data)) {
  const sets = Object.entries(FILES).map(([name, file]) => ({
    name,
    texts: readFileSync(join(data, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { problem: string }).problem),
  }))
  const planted = sets.flatMap(({ name, texts }) => texts.map((text, index) => ({ id: `${name}/${index}`, text })))
  for (const [how, change] of Object.entries(PLANTED)) {
    const changed = planted.map(({ id, text }) => ({ id, text: change(text) }))
    let found = 0
    const spent = cpu(() => {
      for (const { id, text } of changed) if (shipped.find(text)?.id === id) found += 1
    })
    const share = ((100 * found) / changed.length).toFixed(1)
    console.log(
      `planted, ${how}: ${found} of ${changed.length} (${share} %), ${(spent / changed.length).toFixed(1)} µs each`,
    )
  }
  for (const { name, texts } of sets) {
    const benchmarks = shippedBenchmarks().filter((each) => each !== name)
    const others = openContamination({ ...config, benchmarks })!
    const entries = fingerprintProblems(texts)
    // Against its own benchmark in two halves: a problem never meets itself.
    const halves = [0, 1].map((half) =>
      createContamination([{ name, source: '', entries: entries.filter((_, index) => index % 2 === half) }], config),
    )
    const foreign = texts.filter((text) => others.find(text) !== null).length
    const own = texts.filter((text, index) => halves[1 - (index % 2)]!.find(text) !== null).length
    console.log(`${name}: ${foreign} refused by other benchmarks, ${own} by other problems of its own`)
  }
} else {
  console.log('planted problems skipped: ../shared/data/benchmarks is not on this machine')
}

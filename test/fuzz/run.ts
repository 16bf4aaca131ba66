// `npm run fuzz -- [--minutes N] [--target NAME] [--seed N] [--path P]`: the fuzz targets for as long as one has time.
// Ends with 1 and the smallest input that breaks a law; seed and path bring it back. Every find becomes a test.

import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { TARGETS } from './targets.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    target: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
  },
})
const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
const minutes = Number(values.minutes)
if (chosen.length === 0 || !(minutes > 0)) {
  console.error(`--target is one of ${TARGETS.map(({ name }) => name).join(', ')}; --minutes is a number above 0`)
  process.exit(2)
}

let broken = 0
for (const { name, property } of chosen) {
  const started = performance.now()
  const details = await fc.check(property, {
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: (minutes * 60_000) / chosen.length,
    ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
    ...(values.path === undefined ? {} : { path: values.path }),
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  if (details.failed && !details.interrupted) {
    broken += 1
    console.error(`${name}: broken after ${details.numRuns} inputs\n${await fc.asyncDefaultReportMessage(details)}`)
    console.error(`again: npm run fuzz -- --target ${name} --seed ${details.seed} --path ${details.counterexamplePath}`)
  } else console.log(`${name}: ${details.numRuns} inputs in ${seconds} s, none breaks it`)
}
process.exitCode = broken === 0 ? 0 : 1

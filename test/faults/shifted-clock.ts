// Preloaded into a process under test (node --import): its wall clock is set forward or back by what stands in the file
// that MAGPIE_CLOCK_FILE names, in milliseconds, as soon as that changes. The steady clock goes on, as a machine's does.

import { readFileSync } from 'node:fs'

const file = process.env.MAGPIE_CLOCK_FILE ?? ''
const machineNow = Date.now.bind(Date)
let shift = 0
setInterval(() => {
  shift = Number(readFileSync(file, 'utf8'))
}, 20).unref()

const Machine = globalThis.Date
globalThis.Date = new Proxy(Machine, {
  construct: (target, given: unknown[], self) =>
    Reflect.construct(target, given.length === 0 ? [machineNow() + shift] : given, self) as Date,
})
Machine.now = () => machineNow() + shift

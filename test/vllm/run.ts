// `npm run test:vllm [-- NAME…]`: installs vLLM and its models, runs the suites of this folder against real servers, one
// suite after the other, and prints what ran and how long it took. Exit code 1 when a test fails; where vLLM cannot be
// had the reason is printed and nothing runs.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { type Installation, installVllm } from './install.ts'

interface Row {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

const SUITE = '.vllm.ts'
const HEAD = ['suite', 'passed', 'failed', 'skipped', 'seconds'] as const

const startedAt = performance.now()
const secondsSince = (time: number): number => (performance.now() - time) / 1000
const interrupted = new AbortController()
const interrupt = (): void => {
  interrupted.abort(new Error('interrupted'))
}
process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
const found = await installVllm((line) => {
  console.log(line)
}, interrupted.signal)
if ('missing' in found) {
  console.log(`SKIPPED: no real vLLM on this machine: ${found.missing}`)
} else {
  const installation = secondsSince(startedAt)
  console.log(`vLLM and its models are there (${installation.toFixed(1)} s)`)
  const rows = await runSuites(found, await suiteFiles(process.argv.slice(2)))
  const total = secondsSince(startedAt)
  console.log(
    tableOf([{ ...nothing('installation'), seconds: installation }, ...rows, { ...sumOf(rows), seconds: total }]),
  )
  if (rows.length === 0 || rows.some(({ failed }) => failed > 0)) process.exitCode = 1
}

/** The suites of these names; all of them where none is given. */
async function suiteFiles(names: readonly string[]): Promise<string[]> {
  const all = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(SUITE)).toSorted()
  const unknown = names.filter((name) => !all.includes(`${name}${SUITE}`))
  if (unknown.length > 0) {
    const known = all.map((name) => name.slice(0, -SUITE.length)).join(', ')
    console.error(`no suite ${unknown.join(', ')}; there are ${known}`)
    process.exit(2)
  }
  const wanted = names.length === 0 ? all : names.map((name) => `${name}${SUITE}`)
  return wanted.map((name) => join(import.meta.dirname, name))
}

/** Runs the files one by one, each in a process of its own, and shows the tests as they end. */
async function runSuites(installation: Installation, files: string[]): Promise<Row[]> {
  process.env.MAGPIE_VLLM = JSON.stringify(installation)
  const rows: Row[] = []
  let open = nothing('')
  const events = run({ files, concurrency: 1, timeout: 1_800_000, signal: interrupted.signal })
  events.on('test:pass', ({ details, name, nesting, skip }) => {
    if (details.type !== 'suite') open = skip === undefined ? plus(open, 'passed') : plus(open, 'skipped')
    else if (nesting === 0) close(name, details.duration_ms)
  })
  events.on('test:fail', ({ details, name, nesting }) => {
    if (details.type !== 'suite') open = plus(open, 'failed')
    // A suite whose server did not come up has no test that could fail.
    else if (nesting === 0) {
      if (open.failed === 0) open = plus(open, 'failed')
      close(name, details.duration_ms)
    }
  })
  const close = (name: string, milliseconds: number): void => {
    rows.push({ ...open, name, seconds: milliseconds / 1000 })
    open = nothing('')
  }
  for await (const text of events.compose<NodeJS.ReadableStream>(new spec())) process.stdout.write(text)
  // What failed outside of any suite.
  if (open.failed > 0) rows.push({ ...open, name: '(no suite)' })
  return rows
}

function nothing(name: string): Row {
  return { name, passed: 0, failed: 0, skipped: 0, seconds: 0 }
}

function plus(row: Row, kind: 'passed' | 'failed' | 'skipped'): Row {
  return { ...row, [kind]: row[kind] + 1 }
}

function sumOf(rows: readonly Row[]): Row {
  const sum = (kind: 'passed' | 'failed' | 'skipped'): number => rows.reduce((total, row) => total + row[kind], 0)
  return { name: 'all', passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped'), seconds: 0 }
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ name, passed, failed, skipped, seconds }) => [
    name,
    ...[passed, failed, skipped].map(String),
    seconds.toFixed(1),
  ])
  const width = Math.max(...[...cells, HEAD].map(([name = '']) => name.length))
  const line = ([name = '', ...numbers]: readonly string[]): string =>
    `${name.padEnd(width)}${numbers.map((number) => number.padStart(9)).join('')}`
  return ['', line(HEAD), ...cells.map(line)].join('\n')
}

// What a model call costs this process in CPU: the openai client over Node's own fetch, over the lean fetch, and the
// whole llm/ (queue, limits, tries, records). Side by side in one run, against an instant server in a process of its
// own; texts of about 1 kB. Run: npm run bench:llm [-- calls a round, default 3000]. Exit code 1 when the lean fetch
// costs more than 0.6 of Node's.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { roleConfig } from '../llm/config.ts'
import { createLeanFetch } from '../llm/lean-fetch.ts'
import { createLlm } from '../llm/llm.ts'
import { silentLogger } from '../schemas/logger.ts'

const CONCURRENCY = 64
const ROUNDS = 3
const text = 'The sum of two odd numbers is even. '.repeat(28)
const prompt = 'Say why the sum of two odd numbers is even. '.repeat(22)

function serve(): void {
  const reply = JSON.stringify({
    id: 'cmpl-1',
    object: 'text_completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, text, logprobs: null, finish_reason: 'stop', stop_reason: null }],
    usage: { prompt_tokens: 250, total_tokens: 500, completion_tokens: 250 },
  })
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(reply) })
      response.end(reply)
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => {
    process.exit(0)
  })
}

/** CPU milliseconds a call, user and system. */
async function cost(calls: number, call: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < calls) {
      next += 1
      await call(next)
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / calls
}

async function measure(calls: number, url: string): Promise<void> {
  const lean = createLeanFetch(url)
  const signal = new AbortController().signal
  const client = (fetch?: typeof lean.fetch): OpenAI =>
    new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0, ...(fetch === undefined ? {} : { fetch }) })
  const ask = (openai: OpenAI) => (seed: number) =>
    openai.completions.create({ model: 'm', prompt, seed, max_tokens: 1024, temperature: 1 }, { signal })
  const endpoints = [{ url, limit: CONCURRENCY }]
  const llm = createLlm({
    roles: { sampler: roleConfig.parse({ endpoints, model: 'm' }) },
    rewarders: {},
    log: silentLogger,
  })
  const ways: [string, (seed: number) => Promise<unknown>][] = [
    ["openai over Node's fetch", ask(client())],
    ['openai over the lean fetch', ask(client(lean.fetch))],
    ['llm/, all of it', (seed) => llm.complete({ input: { prompt }, seed }, { role: 'sampler', signal, rank: 1 })],
  ]
  const best = new Map<string, number[]>()
  for (const [name, call] of ways) {
    await cost(Math.ceil(calls / 3), call)
    best.set(name, [])
  }
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, call] of ways) best.get(name)?.push(await cost(calls, call))
  const median = (name: string): number => best.get(name)?.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN
  const base = median(ways[0]![0])
  process.stdout.write(
    `CPU ms a call, ${calls} calls × ${ROUNDS} rounds, ${CONCURRENCY} at once, Node ${process.version}\n`,
  )
  for (const [name] of ways) {
    const rounds = (best.get(name) ?? []).map((value) => value.toFixed(3)).join(' ')
    process.stdout.write(
      `${name.padEnd(28)} ${median(name).toFixed(3)}   ${(median(name) / base).toFixed(2)} of Node's fetch   (${rounds})\n`,
    )
  }
  await lean.close()
  await llm.close()
  if (median(ways[1]![0]) > 0.6 * base) process.exitCode = 1
}

if (process.send === undefined) {
  const server = fork(import.meta.filename)
  const [port] = (await once(server, 'message')) as [number]
  try {
    await measure(Number(process.argv[2] ?? 3000), `http://127.0.0.1:${port}`)
  } finally {
    server.disconnect()
  }
} else {
  serve()
}

// What the simulator can carry, and what a request costs it: the server in a process of its own, the load from here
// over kept connections. CPU time a request is the number to trust on a busy machine; requests/s is what was seen.
// Run: node bench/simulate.ts [seconds for each kind, 3] [connections, 256]

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { startFront } from '../local/engine/front.ts'
import { createInvented } from '../local/engine/invented.ts'
import { silentLogger } from '../schemas/logger.ts'

interface Load {
  readonly kind: string
  readonly path: string
  body(number: number): unknown
}

const PROBLEM = 'Solve for x: $17x + 205 = 1055$.'
const ANSWER = 'Subtracting 205 on both sides gives $17x = 850$.\n\nSo the final answer is $\\boxed{50}$.'

const LOADS: readonly Load[] = [
  {
    kind: 'problems, n = 4',
    path: '/v1/completions',
    body: (number) => ({
      model: 'any',
      prompt: '<|im_start|>user\n',
      n: 4,
      seed: 4 * number,
      max_tokens: 512,
      add_special_tokens: false,
    }),
  },
  {
    kind: 'answers',
    path: '/v1/chat/completions',
    body: (number) => ({
      model: 'any',
      messages: [
        {
          role: 'user',
          content: `${PROBLEM.replace('17', String(2 + (number % 59)))}\nPlease reason step by step, and put your final answer within \\boxed{}.`,
        },
      ],
      seed: number,
      max_tokens: 4096,
    }),
  },
  {
    kind: 'scores',
    path: '/pooling',
    body: (number) => ({
      model: 'any',
      messages: [
        { role: 'user', content: PROBLEM.replace('17', String(2 + (number % 59))) },
        { role: 'assistant', content: ANSWER },
      ],
    }),
  },
]

/** The server's process: tells its URL, then its CPU time whenever asked. */
async function serve(): Promise<void> {
  const front = await startFront({ engine: createInvented(), port: 0, slots: 256, log: silentLogger, anyModel: true })
  process.on('message', () => process.send?.({ cpu: process.cpuUsage(), memory: process.memoryUsage.rss() }))
  process.on('disconnect', () => process.exit(0))
  process.send?.({ url: front.url })
}

interface ServerState {
  readonly cpu: NodeJS.CpuUsage
  readonly memory: number
}

async function ask(server: ChildProcess): Promise<ServerState> {
  const answer = once(server, 'message')
  server.send('state')
  return ((await answer) as [ServerState])[0]
}

function post(url: string, agent: Agent, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume()
        response.on('end', () => {
          resolve(response.statusCode ?? 0)
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

async function measure(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 3)
  const connections = Number(process.argv[3] ?? 256)
  const server = fork(import.meta.filename, ['server'])
  const [{ url }] = (await once(server, 'message')) as [{ url: string }]
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  process.stdout.write('| requests | requests/s | server CPU ms/request | server memory MB |\n|---|---|---|---|\n')
  for (const load of LOADS) {
    let number = 0
    const worker = async (until: number): Promise<void> => {
      while (performance.now() < until) {
        number += 1
        const status = await post(url + load.path, agent, JSON.stringify(load.body(number)))
        if (status !== 200) throw new Error(`${load.kind}: status ${status}`)
      }
    }
    const run = async (duration: number): Promise<void> => {
      const until = performance.now() + duration * 1000
      await Promise.all(Array.from({ length: connections }, () => worker(until)))
    }
    await run(1)
    const before = await ask(server)
    const first = number
    const startedAt = performance.now()
    await run(seconds)
    const elapsed = (performance.now() - startedAt) / 1000
    const after = await ask(server)
    const cpu = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1000
    const done = number - first
    process.stdout.write(
      `| ${load.kind} | ${Math.round(done / elapsed)} | ${(cpu / done).toFixed(3)} | ${Math.round(after.memory / 1e6)} |\n`,
    )
  }
  agent.destroy()
  server.disconnect()
}

await (process.argv[2] === 'server' ? serve() : measure())

// `magpie simulate` as a user runs it: the ready line, the exit codes, the messages of wrong use.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'

const MAIN = join(import.meta.dirname, '../../cli/main.ts')
const folder = await mkdtemp(join(tmpdir(), 'magpie-simulate-'))
after(() => rm(folder, { recursive: true }))

interface Running {
  readonly child: ChildProcess
  /** All that was printed so far. */
  output(): string
  /** Resolves with the first match in the output; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  readonly ended: Promise<number | null>
}

function simulate(...options: string[]): Running {
  const child = spawn(process.execPath, [MAIN, 'simulate', ...options], {
    env: { ...process.env, SIMULATE_TEST_KEY: 'sesame' },
  })
  let output = ''
  const watchers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const watch of watchers) watch()
    })
  }
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        const found = pattern.exec(output)
        if (found === null) return
        watchers.delete(watch)
        resolve(found)
      }
      watchers.add(watch)
      watch()
      void ended.then(() => {
        reject(new Error(`ended before ${pattern}: ${output}`))
      })
    })
  return { child, output: () => output, printed, ended }
}

async function ready(running: Running): Promise<string> {
  return (await running.printed(/ready at (http:\S+)/))[1]!
}

describe('magpie simulate', () => {
  it('serves its options, writes its counts, and ends with 0 on SIGTERM', async () => {
    const stats = join(folder, 'stats.json')
    const running = simulate(
      '--port',
      '0',
      '--slots',
      '7',
      '--model',
      'a',
      '--model',
      'b',
      '--max-model-len',
      '4096',
      '--api-key-env',
      'SIMULATE_TEST_KEY',
      '--stats',
      stats,
    )
    const url = await ready(running)
    assert.equal((await fetch(`${url}/v1/models`)).status, 401)
    const headers = { authorization: 'Bearer sesame', 'content-type': 'application/json' }
    const models = (await (await fetch(`${url}/v1/models`, { headers })).json()) as {
      data: { id: string; max_model_len: number }[]
    }
    assert.deepEqual(
      models.data.map((model) => [model.id, model.max_model_len]),
      [
        ['a', 4096],
        ['b', 4096],
      ],
    )
    const reply = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers,
      body: '{"model": "a", "prompt": "<|im_start|>user\\n", "max_tokens": 200}',
    })
    assert.equal(reply.status, 200)
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0, running.output())
    const written = JSON.parse(await readFile(stats, 'utf8')) as { total: { calls: number } }
    assert.equal(written.total.calls, 1)
  })

  it('ends with 130 on Ctrl-C, and says so of a port that is taken with 2', async () => {
    const running = simulate('--port', '0')
    const port = new URL(await ready(running)).port
    const second = simulate('--port', port)
    assert.equal(await second.ended, 2)
    assert.match(second.output(), new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken`))
    running.child.kill('SIGINT')
    assert.equal(await running.ended, 130, running.output())
  })

  it('says what is switched on, meets it, and ends at once on Ctrl-C with calls that hang', async () => {
    const running = simulate(
      ...['--port', '0', '--fault', 'hang=1', '--fault-seed', '4', '--down', '600:10:silent', '--wedged', '700:5'],
      ...['--kv-slots', '8', '--queue-limit', '90', '--gateway-limit', '80', '--no-metrics', '--drift', '3:60'],
    )
    const url = await ready(running)
    await running.printed(/missing: /)
    for (const line of [
      'latency from 1 to 3 times in 60 s',
      'faults: hang 100 % of the calls (seed 4)',
      'silent after 600 s for 10 s',
      'wedged after 700 s for 5 s',
      'KV cache for 8 sequences',
      '503 above 90 sequences',
      '429 above 80 sequences',
      'missing: /metrics',
    ]) {
      assert.ok(running.output().includes(`  ${line}\n`), `${line} is not in ${running.output()}`)
    }
    assert.equal((await fetch(`${url}/metrics`)).status, 404)
    const call = fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"prompt": "a"}',
    })
    const broken = assert.rejects(call)
    for (let met = 0; met === 0;) {
      const stats = (await (await fetch(`${url}/simulator/stats`)).json()) as { faults: { hang?: number } }
      met = stats.faults.hang ?? 0
    }
    running.child.kill('SIGINT')
    assert.equal(await running.ended, 130, running.output())
    await broken
  })

  it('lives on while its server is dead', async () => {
    const running = simulate('--port', '0', '--slow-start', '0.01')
    const url = await ready(running)
    const order = await fetch(`${url}/simulator/die`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"manner": "silent", "forMs": 50}',
    })
    assert.deepEqual(await order.json(), { state: 'dead', manner: 'silent', forMs: 50 })
    for (;;) {
      const status = await fetch(`${url}/health`).then(
        (response) => response.status,
        () => null,
      )
      if (status === 200) break
    }
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0, running.output())
  })

  it('repeats a recording', async () => {
    const recording = join(folder, 'recording.jsonl')
    await writeFile(recording, JSON.stringify({ problem: 'One plus one?', samples: [{ text: 'Two.', reward: 1.5 }] }))
    const running = simulate('--port', '0', '--recording', recording)
    const url = await ready(running)
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'One plus one?' }] })
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const { choices } = (await reply.json()) as { choices: { message: { content: string } }[] }
    assert.equal(choices[0]!.message.content, 'Two.')
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0)
  })

  it('plays the server that its options name', async () => {
    const running = simulate(
      ...['--port', '0', '--reasoning-parser', 'deepseek_r1', '--reasoning-field', 'reasoning_content'],
      ...['--first-tokens', '--prompt-tokens-details', '--generation-config', 'temperature=0,top_p=0.95'],
      ...['--bos', '--enable-scale-out'],
    )
    const url = await ready(running)
    const post = async (path: string, body: object): Promise<Record<string, never>> => {
      const headers = { 'content-type': 'application/json' }
      const reply = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
      return (await reply.json()) as Record<string, never>
    }
    const messages = [{ role: 'user', content: 'Solve for x: $17x + 205 = 1055$. Show all steps, please.' }]
    await post('/v1/chat/completions', { messages, seed: 1 })
    const chat = await post('/v1/chat/completions', { messages, seed: 1 })
    assert.match(JSON.stringify(chat), /"reasoning_content":"[^"]*let me think.*"cached_tokens":\d+/)
    const prompt = '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n'
    const problem = await post('/v1/completions', { prompt, max_tokens: 1, return_token_ids: true })
    assert.match(JSON.stringify(problem), /"text":"What".*"prompt_token_ids":\[128000,128000,/)
    const [rendered] = (await post('/v1/completions/render', { prompt })) as unknown as [{ sampling_params: object }]
    assert.match(JSON.stringify(rendered.sampling_params), /"temperature":0,"top_p":0\.95/)
    const reward = { model: 'Qwen/Qwen2.5-Math-PRM-7B', input: 'One.<extra_0>Two.<extra_0>' }
    assert.match(JSON.stringify(await post('/pooling', reward)), /"data":\[\[[^[]+\],\[[^[]+\]\]/)
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0)
  })

  it('refuses wrong use with 2 and a message', async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['--recording', join(folder, 'nowhere.jsonl')], /Cannot read the recording .*nowhere\.jsonl/],
      [['--port', '70000'], /--port.*0 to 65535/s],
      [['--slots', '0'], /--slots.*at least 1/s],
      [['--latency-ms', 'fast'], /--latency-ms.*at least 0/s],
      [['--first-tokens', '--recording', join(folder, 'recording.jsonl')], /--first-tokens is for invented problems/],
      [['--fault', 'gremlin=0.1'], /--fault.*no fault "gremlin".*429, 500, 503, flat, reset.*hang-slot/s],
      [['--fault', '429=0.6', '--fault', '503=0.6'], /--fault: the rates add up to 1\.2/],
      [['--api-key-env', 'MAGPIE_NO_SUCH_VARIABLE'], /MAGPIE_NO_SUCH_VARIABLE is not set/],
    ]
    for (const [options, message] of cases) {
      const running = simulate(...options)
      assert.equal(await running.ended, 2, running.output())
      assert.match(running.output(), message)
    }
  })
})

// A run whose models and servers say hostile things: what terminals and logs get holds no character that they obey.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { openWorkshop, query, root, runName, simulatedConfig } from '../support/end-to-end.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { HOSTILE, OBEYED } from '../support/hostile-text.ts'

const problems = join(root, 'examples', 'problems.jsonl')

describe('hostile text', () => {
  let workshop: Workshop
  let calls = 0
  let asked = 0
  /** Answers everything with hostile text: problems, answers, and now and then an error. */
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const send = (status: number, value: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      }
      const bad = HOSTILE[(calls += 1) % HOSTILE.length]!
      if (request.url === '/v1/models') {
        send(200, { data: [{ id: '*' }] })
        return
      }
      if (request.method === 'GET') {
        send(200, {})
        return
      }
      if ((asked += 1) % 31 === 0) {
        send(400, { error: { message: `refused: ${bad}` } })
        return
      }
      const { n = 1 } = JSON.parse(body) as { n?: number }
      const said = `Find the sum of the first ${calls + 10} positive integers. ${bad} \\boxed{${calls}}`
      const choices = Array.from({ length: n }, (_, index) => ({
        ...{ index, text: `${said} Number ${index}.`, finish_reason: 'stop', stop_reason: bad },
        message: { role: 'assistant', content: said, reasoning_content: bad },
      }))
      send(200, { model: bad, choices, usage: { prompt_tokens: 5, completion_tokens: 5 } })
    })
  })
  before(async () => {
    workshop = await openWorkshop()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    server.closeAllConnections()
    server.close()
    await workshop.close()
  })

  it('moves no terminal and breaks no log', async () => {
    const name = runName('hostile')
    const port = String((server.address() as AddressInfo).port)
    const run = workshop.magpie(
      ['import', problems, '-c', simulatedConfig, '--run', name, '--set', 'stages.reward.enabled=false'],
      { SIMULATOR_PORT: port, MAGPIE_LOG_LEVEL: 'debug', NO_COLOR: '1' },
    )
    const ended = await run.ended
    assert.ok(ended.code === 0 || ended.code === 1, run.said())
    const dead = await query<{ message: string }>(workshop, `SELECT message FROM dead_letters FINAL`)
    assert.ok(dead.length > 0, `some records became dead letters: ${run.said()}`)
    const report = await workshop.magpie(['report', '--run', name], { NO_COLOR: '1' }).ended
    const topics = await workshop.magpie(['topics'], { NO_COLOR: '1' }).ended
    for (const said of [run.said(), report.out + report.error, topics.out]) assert.doesNotMatch(said, OBEYED)
    const log = readFileSync(join(workshop.folder, '.magpie', 'logs', `${name}.jsonl`), 'utf8')
    assert.doesNotMatch(log, OBEYED)
    for (const line of log.trimEnd().split('\n'))
      assert.equal(typeof (JSON.parse(line) as { pid: number }).pid, 'number')
  })
})

// The life of dead letters as a user sees it: a model server refuses some requests for good, the letters are listed and
// shown, sent again in vain, and once more when the server has been mended: then every problem has its one end.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../schemas/codec.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { dataFiles, idsOf, logOf, messagesOf, openWorkshop, query, runName, sorted } from '../support/end-to-end.ts'
import { simulatedConfig } from '../support/end-to-end.ts'

const TOTAL = 40
const REFUSED = 4

interface ListedLetter {
  readonly place: string
  readonly id: string
  readonly problem: string
  readonly stage: string
  readonly code: string
  readonly attempt: number
  readonly state: string
}

/** Stands before a model server and, while it is broken, refuses the cool answers to some problems, always the same. */
async function startGateway(target: string): Promise<{ server: Server; port: string; mend(): void }> {
  const refused = new Set<string>()
  let isBroken = true
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request)
      const asked = request.method === 'POST' ? (JSON.parse(body) as { temperature?: number; messages?: unknown }) : {}
      const problem = JSON.stringify(asked.messages)
      if (isBroken && asked.temperature === 0.1) {
        if (refused.size < REFUSED) refused.add(problem)
        if (refused.has(problem)) {
          response.writeHead(400, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ error: { message: 'no \u001b[31mroom', type: 'BadRequestError', code: 400 } }))
          return
        }
      }
      const { method = 'GET', url = '/' } = request
      const reply = await fetch(target + url, {
        method,
        headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
        ...(method === 'POST' ? { body } : {}),
      })
      response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? 'application/json' })
      response.end(Buffer.from(await reply.arrayBuffer()))
    })().catch(() => {
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    server,
    port: String((server.address() as AddressInfo).port),
    mend: () => (isBroken = false),
  }
}

describe('dead letters', () => {
  let workshop: Workshop
  let gateway: Awaited<ReturnType<typeof startGateway>>
  const name = runName('letters')
  before(async () => {
    workshop = await openWorkshop()
    gateway = await startGateway((await workshop.serve({ slots: 64, medianMs: 20 })).url)
  })
  after(async () => {
    gateway.server.closeAllConnections()
    gateway.server.close()
    await workshop.close()
  })

  const run = async () => {
    // Without it all four that were refused may end as refusals, for a lack of votes.
    const noVote = ['--set', 'stages.curate.minAgreement=0']
    const words = ['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name, ...noVote]
    const ended = await workshop.magpie(words, { SIMULATOR_PORT: gateway.port }).ended
    assert.equal(ended.code, 0, ended.error)
    return ended
  }
  const letters = async (...words: string[]) => await workshop.magpie(['dead-letters', ...words]).ended
  const listed = async (...words: string[]): Promise<ListedLetter[]> => {
    const { code, out, error } = await letters('list', '--run', name, '--json', ...words)
    assert.equal(code, 0, error)
    return (JSON.parse(out) as { letters: ListedLetter[] }).letters
  }

  it('are listed, counted and shown', async () => {
    await run()
    const all = await listed()
    assert.equal(all.length, REFUSED)
    for (const { stage, code, attempt, state } of all)
      assert.deepEqual([stage, code, attempt, state], ['answer', 'bad-request', 1, 'waits'])
    assert.deepEqual(await listed('--code', 'bad-request', '--stage', 'answer', '--since', '1h'), all)
    assert.deepEqual(await listed('--until', '1h'), [])
    assert.deepEqual(await listed('--limit', '1', '--id', all[2]!.problem), [all[2]])

    const table = (await letters('list', '--run', name)).out
    assert.match(table, /answer +bad-request +4 +4\n/)
    assert.match(table, /4 dead letters: 4 wait/)
    assert.doesNotMatch(table, /\u001b/)
    assert.match((await workshop.magpie(['report', '--run', name]).ended).out, /Dead letters \(4 wait/)

    const { place, id, problem } = all[0]!
    for (const called of [place, id, problem]) {
      const { code, out } = await letters('show', called)
      assert.equal(code, 0)
      assert.match(out, new RegExp(`problem +${problem}\n`))
      assert.match(out, /message +400: no \\u001b\[31mroom\n/)
      assert.match(out, /\nScreened:\n\{\n {2}"id": /)
    }
    const file = join(workshop.folder, 'record.avro')
    assert.equal((await letters('show', place, '--out', file)).code, 0)
    const record = (await createCodec()).decode('Screened', await readFile(file))
    assert.equal(record.id, problem)
    assert.equal((await letters('show', place, '--out', file)).code, 2, 'a file is not overwritten')
  })

  it('are asked for by the right names', async () => {
    const stage = await letters('list', '--stage', 'answr')
    assert.deepEqual([stage.code, /did you mean answer\?/.test(stage.error)], [2, true])
    const code = await letters('list', '--run', name, '--code', 'bad_requests')
    assert.deepEqual([code.code, /did you mean bad-request\?/.test(code.error)], [2, true])
    const unknown = await letters('show', '999/999')
    assert.deepEqual([unknown.code, /there is no dead letter 999\/999/.test(unknown.error)], [2, true])
    const time = await letters('list', '--since', 'yesterday')
    assert.deepEqual([time.code, /2h/.test(time.error)], [2, true])
    const none = await letters('list', '--run', name, '--stage', 'sample')
    assert.deepEqual([none.code, none.out], [0, 'no such dead letters\n'])
  })

  it('become letters of the next attempt when nothing has been mended', async () => {
    const planned = await letters('redrive', '--run', name, '--dry-run')
    assert.equal(planned.out, 'would send 4 to answer: bad-request\n')
    assert.ok((await listed()).every(({ state }) => state === 'waits'))
    const { code, out, error } = await letters('redrive', '--run', name)
    assert.equal(code, 0, error)
    assert.match(out, /^sent 4 to answer: bad-request\nrun \S+ is finished: start it again/)
    assert.equal((await letters('redrive', '--run', name)).out, 'nothing was sent\n')

    await run()
    const waiting = await listed('--waiting')
    assert.deepEqual(
      waiting.map(({ attempt }) => attempt),
      [2, 2, 2, 2],
    )
    assert.equal((await listed()).length, 2 * REFUSED)
    // Readers of the letters take those of redriven records too.
    assert.match((await workshop.magpie(['report', '--run', name]).ended).out, /Dead letters \(4 wait/)
    const audit = await workshop.magpie(['audit', '--run', name, '--out', name]).ended
    assert.equal(audit.code, 0, audit.out + audit.error)
    const spent = await letters('redrive', '--run', name, '--max-attempts', '2')
    assert.match(spent.out, /^4 stay: they had 2 attempts or more .*\nnothing was sent\n$/)
  })

  it('come to their end when it has', async () => {
    const before = await dataFiles(join(workshop.folder, name))
    gateway.mend()
    const { code, error } = await letters('redrive', '--run', name)
    assert.equal(code, 0, error)
    const { error: said } = await run()
    assert.match(said, /finished already; dead letters that were sent again are taken up/)

    assert.deepEqual(await listed('--waiting'), [])
    const { problems, rejections, sft, preferences } = await logOf(workshop, name)
    assert.equal(problems.length, TOTAL)
    const accepted = new Set([...sft, ...preferences].map(({ problemId }) => problemId))
    assert.deepEqual(sorted([...rejections.map(({ problemId }) => problemId), ...accepted]), idsOf(problems))

    const files = await dataFiles(join(workshop.folder, name))
    assert.deepEqual(idsOf(files.sft[0]!.rows), idsOf(sft))
    assert.ok(files.sft[0]!.rows.length > before.sft[0]!.rows.length)
    assert.equal(files.sft.length, 1)

    const rows = await query<{ attempt: number; waiting: number; letters: number }>(
      workshop,
      `SELECT attempt, countIf(redriven_at IS NULL) AS waiting, count() AS letters FROM dead_letters FINAL WHERE run_id = '${name}' GROUP BY attempt ORDER BY attempt`,
    )
    assert.deepEqual(
      rows.map(({ attempt, waiting, letters: count }) => [attempt, waiting, count]),
      [
        [1, 0, REFUSED],
        [2, 0, REFUSED],
      ],
    )
    const screened = await messagesOf(workshop, name, 'screened')
    assert.equal(screened.length - new Set(screened.map(({ key }) => key)).size, 2 * REFUSED)
    assert.match((await workshop.magpie(['report', '--run', name]).ended).out, /Dead letters \(none waits\)/)
    const audit = await workshop.magpie(['audit', '--run', name, '--out', name]).ended
    assert.equal(audit.code, 0, audit.out + audit.error)
  })
})

// Holds cli/logger.ts: one JSON object a line, appended, and no secret among them.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createFileLogger } from '../../cli/logger.ts'

const folder = await mkdtemp(join(tmpdir(), 'magpie-logger-'))
after(() => rm(folder, { recursive: true }))

async function linesOf(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('the log file', () => {
  it('is made with its folder, and holds fields, message and what a child adds', async () => {
    const { logger, file, flush } = createFileLogger(join(folder, 'logs', 'a.jsonl'))
    logger.child({ stage: 'verify' }).warn({ records: 3 }, 'a constant message')
    logger.debug({}, 'below the level')
    await flush()
    const [line, ...more] = await linesOf(file)
    assert.deepEqual(more, [])
    assert.deepEqual(
      [line?.['stage'], line?.['records'], line?.['msg'], line?.['level'], line?.['pid']],
      ['verify', 3, 'a constant message', 40, process.pid],
    )
  })

  it('goes on where an earlier process stopped', async () => {
    const place = join(folder, 'b.jsonl')
    for (const run of [1, 2]) {
      const { logger, flush } = createFileLogger(place)
      logger.info({ run }, 'started')
      await flush()
    }
    assert.deepEqual(
      (await linesOf(place)).map(({ run }) => run),
      [1, 2],
    )
  })

  it('keeps no secret, at any depth that is written', async () => {
    const { logger, file, flush } = createFileLogger(join(folder, 'c.jsonl'))
    logger.error(
      { apiKey: 'hush-1', endpoint: { url: 'http://a', key: 'hush-2' }, kafka: { sasl: { password: 'hush-3' } } },
      'failed',
    )
    logger.child({ token: 'hush-4', request: { authorization: 'hush-5' } }).info({}, 'asked')
    await flush()
    const text = await readFile(file, 'utf8')
    assert.doesNotMatch(text, /hush/)
    assert.match(text, /http:\/\/a/)
    assert.equal(text.split('[redacted]').length - 1, 5)
  })
})

describe('a log that cannot be written', () => {
  it('is said once, and holds up neither the work nor its end', async (test) => {
    const said = test.mock.method(process.stderr, 'write', () => true)
    const { logger, flush } = createFileLogger('/dev/full')
    for (let line = 0; line < 3; line += 1) {
      logger.info({ line }, 'a line')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await flush()
    const words = said.mock.calls
      .map(({ arguments: [text] }) => String(text))
      .filter((text) => text.includes('/dev/full'))
    said.mock.restore()
    assert.equal(words.length, 1)
    assert.match(words[0]!, /The log \/dev\/full cannot be written \(.*ENOSPC.*\); the work goes on/)
  })
})

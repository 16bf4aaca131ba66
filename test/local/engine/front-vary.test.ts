// A server that is asked again: it counts what it answers twice, says something else where it is to vary, and knows
// after its death what it had answered before it.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { rememberIn } from '../../../local/engine/front-memory.ts'
import { heldEngine, post, start, until } from './at-work.ts'

const QUESTION = { prompt: '<|im_start|>user\n', seed: 5, max_tokens: 400 }
const chat = (temperature: number, more = {}) => ({
  ...{ messages: [{ role: 'user', content: 'What is 3 + 4?' }], temperature, seed: 5, max_tokens: 400 },
  ...more,
})
const SCHEMA = { type: 'object', properties: { ok: { const: true } }, required: ['ok'] }

describe('a varying server', () => {
  it('gives each repeat another text, also at temperature 0', async () => {
    const front = await start({ vary: true })
    const texts = async (path: string, body: object): Promise<Set<string>> => {
      const said = new Set<string>()
      for (let time = 0; time < 4; time += 1) {
        const [choice] = (await post(front, path, body)).body.choices
        said.add(path.includes('chat') ? choice!.message.content : choice!.text)
      }
      return said
    }
    assert.equal((await texts('/v1/completions', QUESTION)).size, 4)
    assert.equal((await texts('/v1/chat/completions', chat(0.8))).size, 4)
    assert.equal((await texts('/v1/chat/completions', chat(0))).size, 4)
    assert.equal(front.stats().total.repeated, 9)
  })

  it('says the same to a first request as its twin does, and never the same to two seeds', async () => {
    const [one, two] = [await start({ vary: true }), await start({ vary: true })]
    const said = async (front: typeof one, seed: number) =>
      (await post(front, '/v1/chat/completions', chat(0, { seed }))).body.choices[0]!.message.content
    assert.equal(await said(one, 1), await said(two, 1))
    assert.notEqual(await said(one, 2), await said(one, 3))
  })

  it('keeps to a schema', async () => {
    const front = await start({ vary: true })
    const body = chat(0.8, { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: SCHEMA } } })
    for (let time = 0; time < 2; time += 1) {
      const { content } = (await post(front, '/v1/chat/completions', body)).body.choices[0]!.message
      assert.deepEqual(JSON.parse(content), { ok: true })
    }
  })

  it('scores a little differently', async () => {
    const front = await start({ vary: true })
    const score = async (): Promise<unknown> => (await post(front, '/pooling', { input: 'a text' })).body['data']
    const first = await score()
    assert.notDeepEqual(await score(), first)
  })
})

describe('what was answered', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-memory-'))
  })
  after(async () => {
    await rm(folder, { recursive: true })
  })

  it('is known to the next server of the same file', async () => {
    const file = join(folder, 'answered')
    const first = await start({ memory: rememberIn(file) })
    await post(first, '/v1/completions', QUESTION)
    await first.close()
    const second = await start({ memory: rememberIn(file), vary: true })
    await post(second, '/v1/completions', QUESTION)
    assert.deepEqual([second.stats().total.repeated, second.stats().total.askedAgain], [1, 1])
  })

  it('is read without a line that was cut', async () => {
    const file = join(folder, 'cut')
    await writeFile(file, '12\n12\n34\n1')
    const memory = rememberIn(file)
    assert.deepEqual(
      [12, 34, 1].map((key) => memory.times(key)),
      [2, 1, 0],
    )
  })

  it('is not what was refused, and of twins side by side one is the repeat', async () => {
    const held = heldEngine()
    // One slot: the second is begun when the first has its answer.
    const front = await start({ engine: held.engine, slots: 1 })
    await post(front, '/v1/completions', { ...QUESTION, n: 0 })
    assert.equal(front.stats().total.answered, 0)
    const twins = [post(front, '/v1/completions', QUESTION), post(front, '/v1/completions', QUESTION)]
    await until(() => front.stats().inFlight === 2)
    for (const place of [1, 2]) {
      await until(() => held.begun.length === place)
      held.finish(QUESTION.seed)
    }
    await Promise.all(twins)
    const { total, inFlight, answeredLately } = front.stats()
    assert.deepEqual([total.answered, total.repeated, inFlight, answeredLately], [2, 1, 0, 2])
  })
})

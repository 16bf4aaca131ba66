// Brokers that do not answer: one that takes connections and says nothing (as a frozen process does), and none at all.
// Whoever waits is told once, with the address; the wait ends with what to do; a broker that comes goes on.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Failure } from '../../schemas/failure.ts'
import { createSilence } from '../../stream/kafka-silence.ts'
import { magpie } from '../cli/magpie-process.ts'

/** Patience is short for those only that never answer. */
const TIMES = { start: 300, back: 300, word: 20, pause: 10, look: 30, patience: 60_000 }
const MUTE = { ...TIMES, patience: 60 }

/** Answers every request as a broker does, as far as a greeting looks at it. */
function answer(socket: Socket): void {
  socket.on('data', () => socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 1])))
}

async function listen(onSocket: (socket: Socket) => void): Promise<{ server: Server; at: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, at: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('brokers that do not answer', () => {
  let mute: Awaited<ReturnType<typeof listen>>
  before(async () => {
    mute = await listen(() => undefined)
  })
  after(() => {
    mute.server.close()
  })
  const silenceOf = (at: string, told: string[] = []) =>
    createSilence(
      { brokers: [at], ssl: false, sasl: null },
      (where, why) => told.push(`${where}: ${why}`),
      at === mute.at ? MUTE : TIMES,
    )

  it('are told of once, and end the wait with the address and what to do', async () => {
    const told: string[] = []
    await assert.rejects(silenceOf(mute.at, told).untilOpen(), (error: unknown) => {
      assert.ok(error instanceof Failure && error.code === 'kafka-unavailable' && error.retry === 'transient')
      assert.match(error.message, new RegExp(`Kafka at ${mute.at} does not answer .*says nothing.*KAFKA_BROKERS`))
      return true
    })
    assert.equal(told.length, 1)
    assert.ok(told[0]!.startsWith(`${mute.at}: `))
    await assert.rejects(silenceOf(mute.at).untilBack(), /says nothing/)
    await assert.rejects(silenceOf('127.0.0.1:1').assertOpen(), /127\.0\.0\.1:1 does not answer .*ECONNREFUSED/)
  })

  it('are waited for while they start', async () => {
    let answers = false
    const late = await listen((socket) => {
      if (answers) answer(socket)
      else socket.destroy()
    })
    const told: string[] = []
    const open = createSilence(
      { brokers: [late.at], ssl: false, sasl: null },
      () => {
        told.push('silent')
        answers = true
      },
      { ...TIMES, start: 60_000 },
    )
    await open.untilOpen()
    assert.deepEqual(told, ['silent'])
    await open.untilBack()
    await open.assertOpen()
    late.server.close()
  })

  it('end a question that waits for them, and no question whose broker is only slow', async () => {
    const told: string[] = []
    const never = new Promise<never>(() => undefined)
    await assert.rejects(silenceOf(mute.at, told).whileOpen(never), /does not answer/)
    assert.equal(told.length, 1)
    const slow = await listen(answer)
    let looks = 0
    const done = Promise.withResolvers<string>()
    slow.server.on('connection', () => {
      looks += 1
      if (looks === 4) done.resolve('answered')
    })
    assert.equal(await silenceOf(slow.at, told).whileOpen(done.promise), 'answered')
    await assert.rejects(silenceOf(mute.at).whileOpen(Promise.reject(new Error('its own'))), /its own/)
    slow.server.close()
  })

  it('end every command with the address, exit code 1, and a word before', async () => {
    const ask = async (...words: string[]) => await magpie(words, { KAFKA_BROKERS: mute.at })
    const commands = [['topics'], ['audit'], ['runs'], ['replay', '--from', 'sampled', '--revision', 'strict']]
    for (const { code, stdout, stderr } of await Promise.all(commands.map((words) => ask(...words)))) {
      assert.deepEqual([code, stdout], [1, ''], stderr)
      const [word, end] = stderr.split('\n')
      assert.match(word!, new RegExp(`^Kafka at ${mute.at} does not answer .*waiting for it`))
      assert.match(end!, new RegExp(`^magpie: .*Kafka at ${mute.at} does not answer .*kafka\\.brokers`))
    }
  })
})

// Signs of an engine that accepts and never answers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchLiveness } from '../../llm/liveness.ts'

function watched(): { wait: (seconds: number) => void; signs: ReturnType<typeof watchLiveness> } {
  let now = 0
  const signs = watchLiveness({ stallMs: 30_000, firstAnswerMs: 180_000 }, () => now)
  return { signs, wait: (seconds) => (now += seconds * 1000) }
}

const tokens = (generatedTokens: number | null): Parameters<ReturnType<typeof watchLiveness>['observed']>[0] => ({
  ...{ running: 1, waiting: 0, cacheUsage: null, preemptions: null, generatedTokens },
})

test('tokens that are counted: as long as the counter moves there is no suspicion, once it stands there is', () => {
  const { signs, wait } = watched()
  signs.started()
  for (let look = 0; look < 100; look += 1) {
    signs.observed(tokens(look * 50))
    assert.equal(signs.suspicion(8), null)
    wait(20)
  }
  wait(15)
  assert.match(signs.suspicion(8) ?? '', /nothing came from it for 35 s with 8 in flight/)
  assert.equal(signs.suspicion(0), null, 'with nothing in flight silence is right')
  signs.reassured()
  assert.equal(signs.suspicion(8), null)
})

test('a counter that never moved (a reward server) is no sign; the mean time of an answer is', () => {
  const { signs, wait } = watched()
  signs.observed(tokens(0))
  signs.observed(tokens(0))
  signs.answered(10_000)
  wait(60)
  assert.equal(signs.suspicion(2), null, '12 answers were due')
  assert.ok(signs.suspicion(4) !== null, '24 were due')
})

test('long answers: an hour each, one in flight, is no suspicion within a day', () => {
  const { signs, wait } = watched()
  signs.answered(3_600_000)
  wait(3_600 * 19)
  assert.equal(signs.suspicion(1), null)
})

test('before the first answer three minutes of silence are a suspicion', () => {
  const { signs, wait } = watched()
  signs.started()
  wait(179)
  assert.equal(signs.suspicion(64), null)
  wait(2)
  assert.ok(signs.suspicion(64) !== null)
})

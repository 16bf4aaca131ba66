// Work that Ctrl-C ends: whatever it throws then, the reason is the interrupt; without one, its own.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { interruptible } from '../../cli/interrupted.ts'

it('an interrupt is the reason whatever the work throws, and nobody listens when it is over', async () => {
  const before = process.listenerCount('SIGINT')
  const broken = interruptible(async (signal) => {
    process.emit('SIGINT')
    assert.ok(signal.aborted)
    await Promise.reject(new Error('a stream was cut off'))
  }, 'interrupted; nothing was written')
  await assert.rejects(broken, { code: 'interrupted', message: 'interrupted; nothing was written' })
  await assert.rejects(
    interruptible(() => Promise.reject(new Error('its own'))),
    /its own/,
  )
  assert.equal(await interruptible(() => Promise.resolve(3)), 3)
  assert.equal(process.listenerCount('SIGINT'), before)
})

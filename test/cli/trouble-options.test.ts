// How the troubles of `simulate` are read: what they add up to, and what is said of wrong ones.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { addTroubleOptions, describeTrouble, driftOf, troubleOf } from '../../cli/trouble-options.ts'
import type { TroubleOptions } from '../../cli/trouble-options.ts'
import { UsageFault } from '../../schemas/failure.ts'

function read(...argv: string[]): ReturnType<typeof troubleOf> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined })
  addTroubleOptions(command)
  command.parse(argv, { from: 'user' })
  return troubleOf(command.opts<TroubleOptions & Record<string, unknown>>())
}

describe('the troubles of simulate', () => {
  it('add up', () => {
    const trouble = read('--fault', '429=0.1', '--fault', 'hang=0.02', '--down', '1:2', '--down', '3:4:silent')
    assert.deepEqual(trouble.faults, { rates: { '429': 0.1, hang: 0.02 }, seed: 0, retryAfterSeconds: 1 })
    assert.deepEqual(trouble.outages, [
      { kind: 'killed', fromMs: 1000, forMs: 2000 },
      { kind: 'silent', fromMs: 3000, forMs: 4000 },
    ])
    assert.ok(read('--gateway').hiddenRoutes?.includes('/v1/models'))
    assert.deepEqual(driftOf('2.5:30'), { factor: 2.5, periodMs: 30_000 })
  })

  it('are none without an option', () => {
    assert.deepEqual(describeTrouble(read()), [])
  })

  it('are refused with what to give', () => {
    for (const [argv, message] of [
      [['--fault', '429'], /KIND=RATE/],
      [['--fault', '429=5'], /rate from 0 to 1/],
      [['--fault', 'toString=1'], /no fault "toString"/],
      [['--fault-seed', '1.5'], /whole number/],
      [['--down', '10'], /FROM:FOR/],
      [['--down', '10:5:loud'], /:silent or :killed/],
      [['--wedged', '10:0'], /FROM:FOR/],
      [['--kv-slots', '0'], /at least 1/],
    ] as const) {
      assert.throws(() => read(...argv), message, argv.join(' '))
    }
    assert.throws(() => read('--fault', '429=0.6', '--fault', '503=0.6'), UsageFault)
    assert.throws(() => driftOf('3'), /FACTOR:PERIOD_SECONDS/)
  })
})

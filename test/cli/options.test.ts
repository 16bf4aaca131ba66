// Holds cli/options.ts: options that several commands share.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Command, InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { UsageFault } from '../../schemas/failure.ts'
import {
  collect,
  madeStateFolder,
  milliseconds,
  moment,
  positiveInteger,
  seconds,
  stateFolder,
  stateOption,
} from '../../cli/options.ts'

describe('moment', () => {
  it('reads days, times with and without a zone, and how long ago', () => {
    const noon = Date.UTC(2026, 1, 28, 12)
    assert.equal(moment('2026-02-28'), Date.UTC(2026, 1, 28))
    for (const text of ['2026-02-28T12:00:00Z', '2026-02-28 12:00', '2026-02-28T12:00:00', '2026-02-28T13:00:00+01:00'])
      assert.equal(moment(text), noon, text)
    const since = Date.now() - moment('2h')
    assert.ok(since >= 7_200_000 && since < 7_260_000)
  })

  it('refuses days that no month has, what is no time, and times that ClickHouse has not', () => {
    for (const text of ['2026-02-31', '2026-02-30T12:00:00Z', '2026-13-01', '2026-02-28T25:00', 'yesterday', '', '5'])
      assert.throws(() => moment(text), /give a time as/, text)
    for (const text of ['99999999999d', '1969-12-31', '9999-01-01'])
      assert.throws(() => moment(text), /between the years/, text)
  })
})

describe('positiveInteger', () => {
  it('reads whole numbers of at least 1', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (value) => {
        assert.equal(positiveInteger(String(value)), value)
      }),
    )
  })

  it('refuses everything else', () => {
    for (const text of ['0', '-1', '1.5', '', ' ', 'ten', '5 problems', 'NaN', 'Infinity', '9007199254740993']) {
      assert.throws(() => positiveInteger(text), InvalidArgumentError, text)
    }
  })
})

describe('milliseconds', () => {
  it('reads what a timer can take, and names its end', () => {
    assert.deepEqual([milliseconds('1'), milliseconds('2147483647')], [1, 2147483647])
    for (const text of ['2147483648', '1e12', '0', '1.5', '']) {
      assert.throws(() => milliseconds(text), /whole milliseconds from 1 to 2147483647 \(24 days\)/, text)
    }
  })
})

describe('seconds', () => {
  it('reads what a timer can take, and names its end', () => {
    assert.deepEqual([seconds('1'), seconds('2147483')], [1, 2147483])
    for (const text of ['2147484', '1e12', '0', '1.5', '']) {
      assert.throws(() => seconds(text), /whole seconds from 1 to 2147483 \(24 days\)/, text)
    }
  })
})

describe('madeStateFolder', () => {
  it('refuses at once what can never be a folder, as below /proc, where a recursive mkdir has no end', () => {
    const there = join(import.meta.filename, 'below-a-file')
    for (const state of ['/proc/nope', there]) {
      assert.throws(
        () => madeStateFolder({ state }),
        (error) =>
          error instanceof UsageFault && error.message.startsWith(`--state ${state}: the folder cannot be used`),
        state,
      )
    }
  })
})

describe('collect', () => {
  it('keeps every value in order', () => {
    const command = new Command().option('--endpoint <url>', '', collect).exitOverride()
    command.parse(['--endpoint', 'a', '--endpoint', 'b'], { from: 'user' })
    assert.deepEqual(command.opts(), { endpoint: ['a', 'b'] })
  })
})

describe('--state', () => {
  it('is .magpie in the working directory unless given', () => {
    const read = (...words: string[]) =>
      stateFolder(new Command().addOption(stateOption()).parse(words, { from: 'user' }).opts<{ state: string }>())
    assert.equal(read(), join(process.cwd(), '.magpie'))
    assert.equal(read('--state', 'some/where'), join(process.cwd(), 'some/where'))
    assert.equal(read('--state', '/some/where'), '/some/where')
  })
})

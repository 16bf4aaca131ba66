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
  positiveInteger,
  seconds,
  stateFolder,
  stateOption,
} from '../../cli/options.ts'

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

// Holds cli/replay-options.ts: what is asked for, and every fault that the options alone show, at once.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { addReplayOptions, readAsked } from '../../cli/replay-options.ts'
import type { ReplayOptions } from '../../cli/replay-options.ts'

function read(...words: string[]) {
  const command = addReplayOptions(new Command('replay'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  return readAsked(command.parse(words, { from: 'user' }).opts<ReplayOptions>())
}

describe('the options of a replay', () => {
  it('say what is read and what is made', () => {
    const { asked, faults } = read(
      '--from',
      'sampled',
      '--revision',
      'strict',
      '--offset',
      '0:5,3:7',
      '--stages',
      'verify, json',
    )
    assert.deepEqual(faults, [])
    assert.deepEqual(
      [asked.run, asked.of, asked.from, asked.revision, asked.parts, asked.join],
      [null, 'main', 'sampled', 'strict', ['verify', 'json'], false],
    )
    assert.deepEqual(
      asked.range.offsets,
      new Map([
        [0, 5],
        [3, 7],
      ]),
    )
    assert.equal(read('--revision', 'x', '--offset', '12').asked.range.offsets, 12)
    assert.deepEqual(read('--revision', 'x', '--since', '2026-01-31').asked.range.since, {
      at: 1_769_817_600_000,
      isAgo: false,
    })
    assert.equal(read('--revision', 'x', '--since', '2h').asked.range.since?.isAgo, true)
  })

  it('are refused with every fault at once', () => {
    const { faults } = read(
      '--from',
      'sampeld',
      '--revision',
      'main',
      '--since',
      '1h',
      '--offset',
      '3',
      '--follow',
      '--where',
      ' ',
    )
    const said = faults.join('\n')
    for (const each of [
      /did you mean sampled\?/,
      /main is the run itself/,
      /--since and --offset/,
      /--follow goes on/,
      /--where is empty/,
    ])
      assert.match(said, each)
    const rest = [
      [['--revision', 'a.b'], /must be letters/],
      [['--revision', 'strict', '--of', 'strict'], /a replay reads another one/],
      [['--revision', 'x', '--follow', '--until', '1h'], /--follow has no end/],
      [['--revision', 'x', '--since', '1h', '--until', '2h'], /no record is between/],
      [['--revision', 'x', '--from', 'sft'], /no stage reads that topic/],
      [['--revision', 'x', '--from', 'sampled', '--stages', 'screen'], /screen comes before topic sampled/],
    ] as const
    for (const [words, fault] of rest) assert.match(read(...words).faults.join(), fault)
    assert.throws(() => read('--revision', 'x', '--offset', 'five'), /give an offset/)
    assert.throws(() => read('--revision', 'x', '--offset', '0:1,0:2'), /stands there twice/)
    for (const place of ['-1', '1.5', 'first', '1e99'])
      assert.throws(() => read('--revision', 'x', '--priority', place), /a whole number from 0 on/)
    assert.throws(() => read('--from', 'sampled'), /--revision/)
  })
})

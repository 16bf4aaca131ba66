// Tables of commands on narrow terminals: no line is longer than the screen as long as that can be, and no figure is cut.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fittedTable } from '../../cli/fitted-table.ts'

const SHAPE = [
  { head: 'topic' },
  { head: 'partitions', isFigure: true, spare: 1 },
  { head: 'records', isFigure: true },
  { head: 'kept', spare: 2 },
] as const
const ROWS = [
  ['problems', 1, 1234567, 'for ever'],
  ['preferences.with-a-long-name', 12, 3, '7 d'],
]

describe('a table of a command', () => {
  it('has all columns where there is room, and no blanks at the ends of lines', () => {
    assert.equal(
      fittedTable(SHAPE, ROWS),
      [
        'topic                         partitions  records  kept',
        'problems                               1  1234567  for ever',
        'preferences.with-a-long-name          12        3  7 d',
      ].join('\n'),
    )
  })

  it('leaves out what can be spared, in its order, and names it', () => {
    assert.equal(
      fittedTable(SHAPE, ROWS, 50),
      [
        'topic                         records  kept',
        'problems                      1234567  for ever',
        'preferences.with-a-long-name        3  7 d',
        'without partitions for want of room: --json has',
        '  them',
      ].join('\n'),
    )
    assert.match(fittedTable(SHAPE, ROWS, 40), /^without partitions, kept for want of$/m)
  })

  it('cuts texts after that, never figures', () => {
    const [head, , last] = fittedTable(SHAPE, ROWS, 24).split('\n')
    assert.deepEqual([head, last], ['topic            records', 'preferences.wi…        3'])
    assert.match(fittedTable(SHAPE, ROWS, 5), /1234567/)
  })

  it('keeps to every width that its figures leave', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.nat(), fc.nat(), fc.string()), { maxLength: 5 }),
        fc.integer({ min: 27, max: 120 }), // eight characters of a text, seventeen of a figure and its gap
        (rows, width) => {
          for (const line of fittedTable(SHAPE, rows, width).split('\n'))
            assert.ok(Array.from(line).length <= width, line)
        },
      ),
    )
  })
})

// Holds cli/display.ts: a block that is drawn anew on a terminal, lines now and then elsewhere.

import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { createDisplay } from '../../cli/display.ts'

/** A stream that keeps what it is given; a terminal has a size and moves its cursor. */
function fakeStream(isTTY: boolean) {
  let written = ''
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written += chunk.toString()
      done()
    },
  })
  return {
    stream: Object.assign(stream, { isTTY, columns: 100, rows: 30 }) as unknown as NodeJS.WriteStream,
    written: () => written,
    take: () => {
      const text = written
      written = ''
      return text
    },
  }
}

/** What a terminal shows after these bytes: lines, with cursor up, line erasure and column control. */
function screenOf(bytes: string): string[] {
  const lines: string[] = ['']
  let [row, column] = [0, 0]
  for (const [part] of bytes.matchAll(/\u001b\[[?\d;]*[A-Za-z]|\n|\r|[^\u001b\n\r]+/g)) {
    const [, count = '', letter = ''] = /^\u001b\[([?\d;]*)([A-Za-z])$/.exec(part) ?? []
    if (part === '\n') {
      row += 1
      column = 0
      while (lines.length <= row) lines.push('')
    } else if (part === '\r' || letter === 'G') column = 0
    else if (letter === 'A') row = Math.max(0, row - Number(count || '1'))
    else if (letter === 'B' || letter === 'E') {
      row += Number(count || '1')
      if (letter === 'E') column = 0
      while (lines.length <= row) lines.push('')
    } else if (letter === 'K') lines[row] = count === '2' ? '' : lines[row]!.slice(0, column)
    else if (letter === 'J') {
      lines[row] = lines[row]!.slice(0, column)
      lines.length = row + 1
    } else if (letter === '') {
      lines[row] = lines[row]!.slice(0, column).padEnd(column) + part + lines[row]!.slice(column + part.length)
      column += part.length
    }
  }
  return lines.join('\n').trimEnd().split('\n')
}

const view = (text: string) => ({ block: () => `${text}\nbelow`, line: () => `line of ${text}` })

describe('on a terminal', () => {
  const open = () => {
    const fake = fakeStream(true)
    return { ...fake, display: createDisplay(fake.stream, () => 0) }
  }

  it('replaces the block at every look', () => {
    const { display, written } = open()
    display.show(view('first'))
    display.show(view('second'))
    assert.deepEqual(screenOf(written()), ['second', 'below'])
    display.close()
  })

  it('keeps what is said above the block', () => {
    const { display, written } = open()
    display.say('before')
    display.show(view('block'))
    display.say('said')
    display.show(view('newer'))
    assert.deepEqual(screenOf(written()), ['before', 'said', 'newer', 'below'])
    display.close()
  })

  it('replaces the steps of a download', () => {
    const { display, written } = open()
    display.step('1 of 9 MB')
    display.step('9 of 9 MB')
    assert.deepEqual(screenOf(written()), ['9 of 9 MB'])
    display.close()
  })

  it('leaves the last block or takes it away', () => {
    for (const keep of [true, false]) {
      const { display, written } = open()
      display.say('said')
      display.show(view('last'))
      display.close({ keep })
      assert.deepEqual(screenOf(written()), keep ? ['said', 'last', 'below'] : ['said'])
    }
  })

  it('writes nothing after its end', () => {
    const { display, take } = open()
    display.show(view('last'))
    display.close()
    take()
    display.say('late')
    display.show(view('late'))
    display.step('late')
    display.close({ keep: false })
    assert.equal(stripVTControlCharacters(take()), '')
  })
})

describe('without a terminal', () => {
  const open = () => {
    const fake = fakeStream(false)
    const clock = { now: 5_000_000 }
    return { ...fake, clock, display: createDisplay(fake.stream, () => clock.now) }
  }

  it('prints a line every ten seconds, and no control characters', () => {
    const { display, written, clock } = open()
    for (let look = 0; look <= 80; look += 1) {
      display.show(view(String(look)))
      clock.now += 250
    }
    assert.equal(written(), 'line of 0\nline of 40\nline of 80\n')
  })

  it('makes no text that it does not print', () => {
    const { display } = open()
    display.show(view('first'))
    const refuse = () => assert.fail('was asked')
    display.show({ block: refuse, line: refuse })
  })

  it('says what is said at once', () => {
    const { display, take, clock } = open()
    display.show(view('a'))
    display.say('said')
    clock.now += 1
    display.say('more')
    assert.equal(take(), 'line of a\nsaid\nmore\n')
  })

  it('prints a step every five seconds', () => {
    const { display, take, clock } = open()
    for (const step of ['1', '2', '3']) {
      display.step(step)
      clock.now += 2500
    }
    assert.equal(take(), '1\n3\n')
  })

  it('writes nothing after its end', () => {
    const { display, written } = open()
    display.close()
    display.say('late')
    display.show(view('late'))
    display.step('late')
    assert.equal(written(), '')
  })
})

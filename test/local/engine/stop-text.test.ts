// Text from tokens: here a token is one UTF-8 byte, so characters come in parts as with real byte tokens.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { stopText } from '../../../local/engine/stop-text.ts'

const bytes = (tokens: readonly number[]): string => Buffer.from(tokens).toString('utf8')

function grow(
  text: string,
  stop: readonly string[],
): { text: string; stop: string | null; pieces: string[]; read: number } {
  const pieces: string[] = []
  const growing = stopText(bytes, stop, (piece) => pieces.push(piece))
  let met: string | null = null
  let read = 0
  for (const token of Buffer.from(text)) {
    read += 1
    met = growing.add(token)
    if (met !== null) break
  }
  return { text: growing.finish(), stop: met, pieces, read }
}

const words = fc.string({ unit: fc.constantFrom('a', 'b', 'ab', 'é', '🐦', '\n'), maxLength: 30 })
const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '🐦', '\n'), minLength: 1, maxLength: 4 }), {
  maxLength: 3,
})

describe('stopText', () => {
  it('cuts before the stop string that is complete first, and never gives a part of it away', () => {
    fc.assert(
      fc.property(words, stops, (text, stop) => {
        const grown = grow(text, stop)
        // The shortest beginning of the text that ends with a stop string, character by character.
        const characters = Array.from(text)
        const ends = characters.map((_, index) => characters.slice(0, index + 1).join(''))
        const until = ends.find((beginning) => stop.some((each) => beginning.endsWith(each)))
        assert.equal(grown.pieces.join(''), grown.text)
        assert.ok(grown.pieces.every((piece) => piece.isWellFormed() && piece !== ''))
        if (until === undefined) {
          assert.deepEqual([grown.text, grown.stop], [text, null])
          return
        }
        assert.ok(grown.stop !== null && stop.includes(grown.stop))
        assert.equal(grown.read, Buffer.byteLength(until))
        assert.equal(until, grown.text + until.slice(grown.text.length))
        assert.ok(until.slice(grown.text.length).startsWith(grown.stop))
        assert.ok(stop.every((each) => !grown.text.includes(each)))
      }),
    )
  })

  it('gives out at once what cannot begin a stop string any more', () => {
    const pieces: string[] = []
    const growing = stopText(bytes, ['\n\n'], (piece) => pieces.push(piece))
    for (const token of Buffer.from('ab\nc')) growing.add(token)
    assert.deepEqual(pieces, ['a', 'b', '\n'])
    assert.equal(growing.finish(), 'ab\nc')
    assert.deepEqual(pieces, ['a', 'b', '\n', 'c'])
  })

  it('cuts inside a token', () => {
    const growing = stopText((tokens) => tokens.map((token) => ['one ', 'two. three'][token]).join(''), ['never', '. '])
    assert.deepEqual([growing.add(0), growing.add(1), growing.finish()], [null, '. ', 'one two'])
  })

  it('does not wait for ever for bytes that are no character', () => {
    const growing = stopText(bytes, [])
    for (const token of [0x80, 0x80, 0x80, 0x80, 0x61]) growing.add(token)
    assert.equal(growing.finish(), '\uFFFD\uFFFD\uFFFD\uFFFDa')
  })
})

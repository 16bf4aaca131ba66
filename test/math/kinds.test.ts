// Verdicts on pairs of every kind, kinds.txt: the same, different or not to be told, and the same with the sides exchanged.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { compareAnswers } from '../../math/compare.ts'

const meanings = new Map([
  ['=', 'equal'],
  ['!', 'different'],
  ['?', 'unknown'],
])
const [, ...sections] = readFileSync(join(import.meta.dirname, 'kinds.txt'), 'utf8').split('\n## ')

describe('answers by kind', () => {
  for (const section of sections) {
    const [kind = '', ...lines] = section.trim().split('\n')
    it(kind, () => {
      const wrong = lines.flatMap((line) => {
        const [gold = '', pred = ''] = line.slice(2).split(' ;; ')
        const wanted = meanings.get(line.charAt(0))
        const found = [compareAnswers(gold, pred), compareAnswers(pred, gold)]
        return found.every(({ verdict }) => verdict === wanted) ? [] : [{ line, found }]
      })
      assert.ok(lines.length >= 4)
      assert.deepEqual(wrong, [])
    })
  }
})

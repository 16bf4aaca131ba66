// What a text cannot help is recorded for ever; what a reward cannot help stops at the eighth problem in a row.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDoubts, type Doubts } from '../../processors/doubts.ts'

const note = (doubts: Doubts, error: string | null, problem: number, name = 'rm'): void => {
  const value = error === null ? 1 : null
  doubts.note(`problem-${problem}`, { name, value, error, detail: error === null ? null : 'why' })
}
const each = (count: number, what: (problem: number) => void): void => {
  for (let problem = 0; problem < count; problem += 1) what(problem)
}

test('facts about texts never add up', () => {
  const doubts = createDoubts('reward')
  for (const fact of ['incomplete', 'context-too-long', 'no-steps'])
    each(100, (problem) => {
      note(doubts, fact, problem)
    })
})

test('the eighth doubted problem in a row stops, of whatever code, facts between them or not', () => {
  const doubts = createDoubts('reward')
  const errors = ['refused', 'sigmoid', 'step-count', 'judge-unreadable', 'not-finite', 'http-500', 'refused']
  errors.forEach((error, problem) => {
    note(doubts, error, problem)
    note(doubts, 'context-too-long', problem)
  })
  assert.throws(
    () => {
      note(doubts, 'sigmoid', 7)
    },
    {
      code: 'reward-unusable',
      retry: 'permanent',
      message: /reward rm gave no value for 8 problems .*sigmoid \(why\)/,
    },
  )
})

test('all responses of one problem count once', () => {
  const doubts = createDoubts('reward')
  each(100, () => {
    note(doubts, 'refused', 1)
  })
})

test('a score ends the row, of its own reward alone', () => {
  const doubts = createDoubts('reward')
  each(7, (problem) => {
    note(doubts, 'refused', problem)
    note(doubts, 'refused', problem, 'prm')
  })
  note(doubts, null, 7)
  each(7, (problem) => {
    note(doubts, 'refused', problem)
  })
  assert.throws(
    () => {
      note(doubts, 'refused', 7, 'prm')
    },
    { code: 'reward-unusable' },
  )
})

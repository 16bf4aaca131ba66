// Rules about the thought and the final answer.

import { z } from 'zod'
import { extractFinalAnswer } from '../../../math/extract.ts'
import { compareCheaply } from '../../../math/keys.ts'
import { rule } from '../rule.ts'

export const boxed = rule({
  reason: 'no-box',
  says: 'Keeps out responses without a \\boxed answer',
  setting: z.boolean(),
  initially: false,
  seen: ({ solution }) => (/\\boxed\s*\{(?!\s*\})/.test(solution) ? null : 'has no \\boxed answer'),
  cases: [
    { setting: true, given: { solution: 'It is \\boxed{5}.' }, refused: false },
    { setting: true, given: { solution: 'It is 5.' }, refused: true },
    { setting: true, given: { solution: 'It is \\boxed{}.' }, refused: true },
  ],
})

export const thought = rule({
  reason: 'thought',
  says: 'Keeps out responses without a thought (required) or with one (forbidden)',
  setting: z.enum(['required', 'forbidden']),
  initially: null,
  seen({ thought: text }, wish) {
    const has = (text ?? '').trim() !== ''
    if (wish === 'required') return has ? null : 'has no thought'
    return has ? 'has a thought' : null
  },
  cases: [
    { setting: 'required', given: { thought: null }, refused: true },
    { setting: 'required', given: { thought: ' \n' }, refused: true },
    { setting: 'required', given: { thought: 'Two and three.' }, refused: false },
    { setting: 'forbidden', given: { thought: 'Two and three.' }, refused: true },
    { setting: 'forbidden', given: { thought: null }, refused: false },
  ],
})

export const thoughtAgrees = rule({
  reason: 'thought-disagrees',
  says: 'Keeps out responses whose thought boxes another number than the response ends with',
  setting: z.boolean(),
  initially: false,
  seen({ thought: text, finalAnswer }) {
    if (text === null || finalAnswer === null) return null
    const inThought = extractFinalAnswer(text, { weakest: 'boxed' })
    // Only plain numbers are told apart here: whatever needs reading is left to verification.
    if (inThought === null || compareCheaply(inThought, finalAnswer)?.verdict !== 'different') return null
    return `the thought boxes ${inThought}, the response says ${finalAnswer}`
  },
  cases: [
    { setting: true, given: { thought: 'So \\boxed{6}.', finalAnswer: '5' }, refused: true },
    { setting: true, given: { thought: 'So \\boxed{6}. No, \\boxed{5}.', finalAnswer: '5' }, refused: false },
    { setting: true, given: { thought: 'So \\boxed{\\frac{1}{2}}.', finalAnswer: '0.5' }, refused: false },
    { setting: true, given: { thought: 'So \\boxed{\\sqrt{25}}.', finalAnswer: '5' }, refused: false },
    { setting: true, given: { thought: 'It is 6.', finalAnswer: '5' }, refused: false },
    { setting: true, given: { thought: null, finalAnswer: '5' }, refused: false },
  ],
})

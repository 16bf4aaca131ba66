import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { screenConfig } from '../../../processors/screen.ts'
import { judgeText } from '../../../processors/screening/rules.ts'

const LIMITS = screenConfig.parse({})
const reasonOf = (text: string, finishReason: string | null = 'stop'): string | null => {
  const judged = judgeText(text, finishReason, LIMITS)
  return 'reason' in judged ? judged.reason : null
}

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  empty: [''],
  'non-printing': ['Compute \u000crac{1}{2} + 1.', 'What is 1 \ufffd 2 equal to?', 'What is \ud800 plus 1?'],
  'too-long': [`What is ${'one and then '.repeat(400)}?`],
  repetition: [
    `What is the sum of ${'the numbers and '.repeat(12)}?`,
    `Find x. ${'Zz'.repeat(40)}`,
    `Find x. ${'a'.repeat(60)}`,
    'How many apples are there in all?\n'.repeat(5),
  ],
  unfinished: [
    'Find all integers such that:',
    'Let $a$, $b$ be reals with $a+b=1$, find the',
    'Evaluate the sum \\[ 1 + 2 +',
    'What is the area of the figure? [asy] draw((0,0)--(1,1));',
    'Solve \\begin{align} x &= 1 \\\\ y &= 2. What is x?',
  ],
  'not-a-problem': [
    '## Step 1: Add the numbers to find 4.',
    "I'm sorry, I cannot find that.",
    'Sure, here is how to find it.',
  ],
  fragment: [
    'and the other is 5. What is the sum?',
    ', where $x > 0$. Find $x$.',
    ') is the centre. What is the radius?',
  ],
  'too-short': ['1 + 1?'],
  'other-language': [
    'Quelle est la somme des angles d’un triangle dont les côtés mesurent trois, quatre et cinq centimètres dans le plan ?',
    '三角形の二辺の長さが3と4で、その間の角が直角であるとき、斜辺の長さを求めなさい。',
    'Найдите сумму всех целых чисел, которые больше десяти и меньше двадцати.',
    'Berechne die Summe aller natürlichen Zahlen, die kleiner als hundert und durch sieben teilbar sind, und zeige den Weg.',
  ],
  'no-question': ['The area of a circle of radius 3 and its centre.', 'Mathematics was always a great joy to her.'],
  'answer-in-problem': ['What is $2+2$? It follows that the value is $\\boxed{4}$.'],
}

const KEPT = [
  'Simplify $\\frac{8}{22}$.',
  'Compute $\\sin 60^\\circ$.',
  'Compute $\\dbinom{5}{3}$.',
  'what is 7 times 8?',
  'is 91 a prime number?',
  'Prove that $\\sqrt{2}$ is irrational.',
  'Show that the sum of two odd numbers is even.',
  'What number goes in the box? $3 + \\boxed{?} = 5$',
  'Find the next number: 1, 1, 2, 3, 5, 8, ...',
  'Calculate the value of 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1.',
  'What is the remainder when 100000000000000000000000000000000000000000 is divided by 7?',
  'List all the factors of 36.',
  'Order the numbers 3/4, 2/3 and 5/8 from least to greatest.',
]

describe('the rules', () => {
  for (const [reason, texts] of Object.entries(REFUSED)) {
    for (const text of texts) {
      it(`${reason}: ${JSON.stringify(text.slice(0, 60))}`, () => {
        assert.equal(reasonOf(text), reason)
      })
    }
  }

  for (const text of KEPT) {
    it(`keeps ${JSON.stringify(text)}`, () => {
      assert.equal(reasonOf(text), null)
    })
  }

  it('refuse a problem that the token limit cut, but not an imported one', () => {
    assert.equal(reasonOf('What is 7 times 8?', 'length'), 'unfinished')
    assert.equal(reasonOf('What is 7 times 8?', null), null)
  })

  it('keep other languages where the config does', () => {
    const text = '三角形の二辺の長さが3と4で、その間の角が直角であるとき、斜辺の長さを求めなさい。'
    assert.deepEqual(judgeText(text, null, { ...LIMITS, languages: ['ja'] }), { language: 'ja' })
    assert.deepEqual(judgeText(text, null, { ...LIMITS, languages: null }), { language: 'ja' })
  })

  it('say what was seen', () => {
    assert.deepEqual(judgeText('1 + 1?', null, LIMITS), {
      reason: 'too-short',
      detail: '6 characters, at least 10 are asked for',
    })
  })
})

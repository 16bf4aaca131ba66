// Planted benchmark problems are found however they are written; what is no benchmark problem is left alone.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createInventor } from '../../../local/engine/invented.ts'
import { openContamination, shippedBenchmarks } from '../../../processors/screening/contamination-files.ts'
import { fingerprintProblems, type Fingerprint } from '../../../processors/screening/contamination-fingerprint.ts'
import { contaminationConfig, createContamination } from '../../../processors/screening/contamination.ts'
import { sharedProblems } from '../../support/problems.ts'

const config = contaminationConfig.parse({})
const PLAIN =
  'Anna walks 3 kilometres to the market every day of the week and buys 2 pears there. How many pears does she buy in a week?'

/** Finds the problems of one benchmark, exam. */
const examOf = (problems: readonly string[], settings: Partial<typeof config> = {}) =>
  createContamination([{ name: 'exam', source: '', entries: fingerprintProblems(problems) }], {
    ...config,
    ...settings,
  })

const OTHERS = ['Zoltan', 'Ximena', 'Bartholomew', 'Quincy', 'Oyelaran']

/** Gives the words with a capital in mid-sentence other names, wherever they stand. */
function renamed(text: string): string {
  const names = new Map<string, string>()
  for (const [name] of text.matchAll(/(?<=[a-z,;] )[A-Z][a-z]+(?=['’ ,.?]|$)/g))
    if (!names.has(name)) names.set(name, OTHERS[names.size % OTHERS.length]!)
  return text
    .replace(/[A-Z][a-z]+/g, (word) => names.get(word) ?? word)
    .replace(/\b(?:he|she)\b/g, 'they')
    .replace(/\b(?:He|She)\b/g, 'They')
    .replace(/\b(?:his|her)\b/g, 'their')
}

const otherLatex = (text: string): string =>
  text
    .replace(/\$([^$]+)\$/g, '\\( $1 \\)')
    .replace(/\\[dt]?frac\{(\w)\}\{(\w)\}/g, '\\frac$1$2')
    .replaceAll('\\frac{', '\\dfrac{')
    .replaceAll('\\cdot', '\\times')
    .replaceAll('\\pi', 'π')
    .replaceAll('^\\circ', '°')

const PLANTED: readonly (readonly [string, (text: string) => string])[] = [
  ['as it is', (text) => text],
  ['with other blanks', (text) => text.replaceAll(' ', '  \n')],
  ['in capitals', (text) => text.toUpperCase()],
  ['in other LaTeX', otherLatex],
  ['about other people', renamed],
  ['in a longer text', (text) => `A nice one for the class: ${text} Explain every one of your 7 steps.`],
  ['in all of these ways', (text) => `Consider this.\n${otherLatex(renamed(text)).replaceAll(' ', '   ')}\nGood luck!`],
]

describe('contamination', () => {
  it('finds a problem by its words, whatever its people are called', () => {
    const exam = examOf(['What is $2+2$?', PLAIN])
    assert.deepEqual(exam.find(PLAIN.replace('Anna', 'Mr. Omar').replace('she', 'he')), { id: 'exam/1', share: 1 })
    assert.equal(exam.find('Anna walks to the market. How many pears does she buy there in a week?'), null)
  })

  it('takes a problem with other numbers for another one, unless the config says that numbers do not matter', () => {
    const other = PLAIN.replace('3 kilometres', '4 kilometres')
    assert.equal(examOf([PLAIN]).find(other), null)
    assert.equal(examOf([PLAIN], { numbersMatter: false }).find(other)?.id, 'exam/0')
  })

  it('asks for a number as often as the problem has it', () => {
    const twice = PLAIN.replace('2 pears', '3 pears')
    assert.equal(examOf([twice]).find(PLAIN), null)
    assert.equal(examOf([twice]).find(twice)?.share, 1)
  })

  it('finds a reworded problem down to the share of the config', () => {
    const reworded = PLAIN.replace('market', 'shop').replace('every day of the week', 'each day')
    const share = examOf([PLAIN], { share: 0.2 }).find(reworded)?.share ?? 0
    assert.ok(share > 0.4 && share < 0.8, String(share))
    assert.equal(examOf([PLAIN], { share: 1 }).find(reworded), null)
  })

  it('finds short problems only as a whole, as sentences of their own', () => {
    const exam = examOf(['What is $2+2$?', 'Compute $\\sin 60^\\circ$.'])
    assert.equal(exam.find('What is \\(2 + 2\\)?')?.id, 'exam/0')
    assert.equal(exam.find('An easy one. Compute $\\sin{60°}$. Then rest.')?.id, 'exam/1')
    for (const other of [
      'What is $2-2$?',
      'What is $2+2+3$?',
      'Compute $\\sin 60^\\circ + \\cos 30^\\circ$.',
      'What is $2+3$?',
    ])
      assert.equal(exam.find(other), null, other)
  })

  it('names the likest problem, the first of equal ones', () => {
    const close = PLAIN.replace('every day of the week', 'each day of every week')
    assert.equal(examOf([close, PLAIN, PLAIN]).find(PLAIN)?.id, 'exam/1')
  })

  it('knows nothing of an empty text and takes hostile ones', () => {
    const exam = examOf([PLAIN])
    for (const text of ['', ' ', '\ud800', '\\', PLAIN.slice(0, 20).repeat(5000)]) assert.equal(exam.find(text), null)
  })

  it('comes with benchmarks that it can read', () => {
    assert.deepEqual(shippedBenchmarks(), [
      'aime24',
      'aime25',
      'amc23',
      'gsm8k',
      'hmmt25-feb',
      'math500',
      'olympiadbench',
    ])
    assert.equal(openContamination(config)?.size, 2624)
    assert.equal(openContamination(contaminationConfig.parse({ benchmarks: ['aime24', 'amc23'] }))?.size, 70)
    assert.equal(openContamination(contaminationConfig.parse({ enabled: false })), null)
  })

  it('leaves invented problems alone: at most one in a thousand', () => {
    const inventor = createInventor()
    const shipped = openContamination(config)!
    let found = 0
    for (let seed = 0; seed < 5000; seed += 1) if (shipped.find(inventor.problem(seed, '')) !== null) found += 1
    assert.ok(found <= 5, `${found} of 5000`)
  })
})

const FILES = [
  ['gsm8k', 'benchmarks/gsm8k_test.jsonl'],
  ['aime24', 'benchmarks/aime24.jsonl'],
  ['amc23', 'benchmarks/amc23.jsonl'],
] as const
const recorded = sharedProblems('recorded_qwen_math.jsonl')

for (const [name, file] of FILES) {
  const { lines, skip } = sharedProblems(file)
  describe(`contamination by ${name}`, { skip }, () => {
    const shipped = openContamination(config)!
    const texts = lines.map(({ problem }) => problem)

    for (const [how, change] of PLANTED) {
      it(`finds every problem ${how}`, () => {
        const missed = texts.flatMap((text, index) => {
          const id = shipped.find(change(text))?.id
          return id === `${name}/${index}` ? [] : [`${index}: ${id ?? 'nothing'}`]
        })
        assert.deepEqual(missed, [])
      })
    }

    it('finds nothing in it where it is not among the benchmarks', () => {
      const others = openContamination({ ...config, benchmarks: shippedBenchmarks().filter((each) => each !== name) })!
      assert.deepEqual(
        texts.filter((text) => others.find(text) !== null),
        [],
      )
    })

    it('tells its problems from one another', () => {
      const halves = [0, 1].map((half): Fingerprint => ({
        name,
        source: '',
        entries: fingerprintProblems(texts).filter((_, index) => index % 2 === half),
      }))
      const finders = halves.map((half) => createContamination([half], config))
      assert.deepEqual(
        texts.filter((text, index) => finders[1 - (index % 2)]!.find(text) !== null),
        [],
      )
    })
  })
}

describe('contamination of recorded problems', { skip: recorded.skip }, () => {
  it('finds those that are in MATH-500, and no other', () => {
    const found = recorded.lines.flatMap(({ problem }, index) => {
      const contaminant = openContamination(config)!.find(problem)
      return contaminant === null ? [] : [{ index, ...contaminant }]
    })
    assert.deepEqual(found, [
      { index: 9, id: 'math500/321', share: 1 },
      { index: 14, id: 'math500/9', share: 1 },
      { index: 34, id: 'math500/220', share: 1 },
    ])
  })
})

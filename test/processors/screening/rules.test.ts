import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { screenConfig } from '../../../processors/screen.ts'
import { languageOf } from '../../../processors/screening/language.ts'
import type { Rule } from '../../../processors/screening/rule.ts'
import type { RuleSettings } from '../../../processors/screening/rule-settings.ts'
import { judgeText, RULES } from '../../../processors/screening/rules.ts'

const LIMITS = screenConfig.parse({})
const reasonOf = (text: string, finishReason: string | null = 'stop'): string | null => {
  const judged = judgeText(text, finishReason, LIMITS)
  return 'reason' in judged ? judged.reason : null
}

/** Problems that no rule may refuse as the config is without a word. */
const KEPT = [
  'Simplify $\\frac{8}{22}$.',
  'Compute $\\sin 60^\\circ$.',
  'Compute $\\dbinom{5}{3}$.',
  'what is 7 times 8?',
  'is 91 a prime number?',
  'What number goes in the box? $3 + \\boxed{?} = 5$',
  'Find the next number: 1, 1, 2, 3, 5, 8, ...',
  'List all the factors of 36.',
  'Let $f(x)=x^2+1$.\n(a) Find $f(2)$.\n(b) Find $f(f(1))$.',
  'What is $2^5$? (A) 10 (B) 25 (C) 32 (D) 64',
]

/** The defaults, with the rule that a policy turns off by default turned on. */
function settingsFor({ setting }: Rule): RuleSettings {
  const on = setting !== null && LIMITS[setting] === 'keep'
  return on ? { ...LIMITS, [setting]: 'refuse' } : LIMITS
}

describe('each rule, by its own examples', () => {
  for (const rule of RULES) {
    const detail = (text: string): string | null =>
      rule.detail({ text, finishReason: 'stop', language: languageOf(text), limits: settingsFor(rule) })
    for (const text of rule.examples.refuses) {
      it(`${rule.reason} refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
        assert.ok((detail(text)?.length ?? 0) > 5)
        // An earlier rule may see more in it, but it is never kept.
        assert.ok('reason' in judgeText(text, 'stop', settingsFor(rule)))
      })
    }
    for (const text of rule.examples.passes) {
      it(`${rule.reason} passes ${JSON.stringify(text.slice(0, 60))}`, () => {
        assert.equal(detail(text), null)
      })
    }
  }

  it('is there for both sides, and each name is one rule', () => {
    for (const { examples } of RULES) assert.ok(examples.refuses.length > 0 && examples.passes.length > 0)
    assert.equal(new Set(RULES.map(({ reason }) => reason)).size, RULES.length)
  })

  it('is turned off where its policy says keep', () => {
    for (const rule of RULES) {
      if (rule.setting === null || typeof LIMITS[rule.setting] !== 'string') continue
      const limits = { ...LIMITS, [rule.setting]: 'keep' }
      for (const text of rule.examples.refuses)
        assert.equal(rule.detail({ text, finishReason: 'stop', language: 'en', limits }), null, text)
    }
  })

  it('stands in the table of docs/screening.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/screening.md'), 'utf8')
    for (const { reason, setting } of RULES) {
      assert.ok(page.includes(`| \`${reason}\` |`), `${reason} has no row`)
      if (setting !== null) assert.ok(page.includes(`\`${setting}\``), `${setting} is not there`)
    }
  })
})

describe('the rules', () => {
  for (const text of KEPT) {
    it(`keep ${JSON.stringify(text)}`, () => {
      assert.equal(reasonOf(text), null)
    })
  }

  it('are done in time with 100 kB of hostile text', () => {
    for (const unit of [
      '\n',
      '1. ',
      'a) ',
      '(A) ',
      'the figure ',
      '\nProblem 2: ',
      '$',
      '| ',
      'Prove ',
      '.',
      'is ',
      '\\[',
      '[asy]',
      'which of the following ',
      ', ',
      'please ',
      'write a ',
      'the following ',
      'in the table ',
      '_',
      '\\boxed{',
      'It is 5. ',
      '? ',
    ]) {
      const text = `What is 1? ${unit.repeat(100_000 / unit.length)}x`
      for (const rule of RULES)
        rule.detail({
          text,
          finishReason: 'stop',
          language: 'en',
          limits: { ...settingsFor(rule), maxCharacters: 200_000 },
        })
    }
  })

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

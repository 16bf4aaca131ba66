// What may be asked of each format, where problems go by their split, and which conditions are one.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FORMATS, REASONING } from '../../../analytics/export/contract.ts'
import type { Format } from '../../../analytics/export/contract.ts'
import { lookOf } from '../../../analytics/export/look.ts'
import type { Wish } from '../../../analytics/export/look.ts'
import { makerOf } from '../../../analytics/export/makers.ts'
import { assertCondition } from '../../../sinks/clickhouse/condition.ts'
import { placeOf, splitOf } from '../../../analytics/export/split.ts'
import { tagsOf, withThought } from '../../../analytics/export/turns.ts'
import { UsageFault } from '../../../schemas/failure.ts'

const faultsOf = (wish: Wish): readonly string[] => {
  try {
    lookOf(wish)
    return []
  } catch (error) {
    assert.ok(error instanceof UsageFault)
    return error.faults
  }
}

describe('a look', () => {
  it('has defaults for every format', () => {
    const looks = FORMATS.map((format) => {
      const { container, type, reasoning } = lookOf({ format, out: 'folder' })
      return [format, container, type, reasoning].join(' ')
    })
    assert.deepEqual(looks, [
      'magpie json sft keep',
      'jsonl jsonl sft keep',
      'sharegpt jsonl sft think',
      'messages jsonl sft keep',
      'dpo jsonl preference keep',
      'kto jsonl preference keep',
      'prm jsonl steps drop',
      'parquet parquet sft keep',
      'avro avro sft keep',
    ])
    assert.equal(lookOf({ format: 'dpo', out: 'pairs.parquet' }).container, 'parquet')
    assert.equal(lookOf({ format: 'prm', type: 'sft', out: 'x' }).stepsOf, 'sft')
    assert.equal(lookOf({ format: 'kto', shape: 'standard', out: 'x' }).reasoning, 'think')
  })

  it('says everything at once that does not go together', () => {
    const wish = { type: 'preference', reasoning: 'keep', shape: 'standard', reward: 'prm', threshold: 0.1 } as const
    const faults = faultsOf({ format: 'sharegpt', out: 'x.jsonl', ...wish })
    assert.deepEqual(
      faults.map((fault) => fault.split(/[ :]/)[0]),
      ['--type', '--reasoning', '--shape', '--reward', '--threshold'],
    )
    assert.match(faultsOf({ format: 'magpie', out: 'x.jsonl' })[0] ?? '', /goes into \.json$/)
    assert.match(faultsOf({ format: 'prm', threshold: 7, out: 'x' })[0] ?? '', /^--threshold 7: .*, 0 to 1$/)
    assert.match(
      faultsOf({ format: 'dpo', reasoning: 'keep', shape: 'standard', out: 'x' })[0] ?? '',
      /no field beside/,
    )
    assert.match(faultsOf({ format: 'dpo', shape: 'standard', reasoning: 'keep', out: 'x' })[0] ?? '', /think, drop/)
  })
})

describe('an option of some formats', () => {
  const given = { reasoning: 'drop', shape: 'standard', bare: true, reward: 'prm', threshold: 0.1 } as const
  const having = (option: keyof typeof given): string[] =>
    FORMATS.filter((format) => faultsOf({ format, out: 'x', [option]: given[option] }).length === 0)

  it('is refused by the others, whatever its value', () => {
    assert.deepEqual(having('reasoning'), ['sharegpt', 'messages', 'dpo', 'kto'])
    assert.deepEqual(having('shape'), ['dpo', 'kto'])
    assert.deepEqual(having('bare'), ['sharegpt', 'messages', 'dpo', 'kto', 'prm'])
    assert.deepEqual(having('reward'), ['prm'])
    assert.deepEqual(having('threshold'), ['prm'])
    for (const reasoning of REASONING)
      assert.deepEqual(faultsOf({ format: 'jsonl', out: 'x', reasoning }), [
        '--reasoning is not for format jsonl; it is for sharegpt, messages, dpo, kto',
      ])
  })

  it('is refused for one file, where it is of a folder', () => {
    const wish = { format: 'messages', split: 0.1, license: 'mit', title: 'x' } as const
    assert.deepEqual(faultsOf({ ...wish, out: 'x' }), [])
    assert.deepEqual(
      faultsOf({ ...wish, out: 'x.jsonl' }).map((fault) => fault.split(' ')[0]),
      ['--split', '--license', '--title'],
    )
  })

  it('changes the rows of every format that takes it', () => {
    const schemaOf = (wish: Wish): string => JSON.stringify(makerOf(lookOf(wish)).schema)
    for (const option of ['reasoning', 'shape', 'bare'] as const)
      for (const format of having(option) as Format[])
        if (!(option === 'reasoning' && format === 'sharegpt'))
          // its think and drop have one schema
          assert.notEqual(
            schemaOf({ format, out: 'x' }),
            schemaOf({ format, out: 'x', [option]: given[option] }),
            format,
          )
  })
})

describe('a split', () => {
  it('is known for ever', () => {
    // Whoever changes these moves problems of published data sets from test to training.
    assert.equal(placeOf('1aa11c5d-1815-51dc-a25a-30f42cb86537'), 0.4938428851673109)
    assert.equal(placeOf(''), 0.8894159948913369)
  })

  it('grows with the share, and takes about that share', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (id, one, other) => {
          const [less, more] = one < other ? [one, other] : [other, one]
          return splitOf(id, less) === 'train' || splitOf(id, more) === 'test'
        },
      ),
    )
    const ids = fc.sample(fc.uuid(), { numRuns: 5000, seed: 3 })
    const share = ids.filter((id) => splitOf(id, 0.1) === 'test').length / ids.length
    assert.ok(share > 0.08 && share < 0.12, String(share))
    assert.equal(splitOf('anything', null), 'train')
  })
})

describe('a condition', () => {
  it('stays in its brackets', () => {
    for (const good of [
      "margin > 0.5 AND (verdict = 'equal')",
      "response LIKE '%)%'",
      'reward > 0 -- why)',
      "has(other_categories, 'x')",
    ])
      assert.doesNotThrow(() => {
        assertCondition(good)
      }, good)
    for (const bad of ['', '1) OR (1', '(1', '1; SELECT 1', "'open", '1 # 2', '1 /* open'])
      assert.throws(() => {
        assertCondition(bad)
      }, UsageFault)
  })
})

describe('tags of thoughts', () => {
  it('are those of the model', () => {
    assert.deepEqual(tagsOf({ template: 'deepseek-r1', model: 'x' }), { open: '<think>', close: '</think>' })
    assert.deepEqual(tagsOf({ template: null, model: 'mistralai/Ministral-3-8B-Reasoning-2512' }), {
      open: '[THINK]',
      close: '[/THINK]',
    })
    // Its channels are no tags, and its template refuses them in a text.
    assert.deepEqual(tagsOf({ template: 'gpt-oss', model: 'openai/gpt-oss-20b' }), {
      open: '<think>',
      close: '</think>',
    })
    assert.deepEqual(tagsOf({ template: 'a file of mine', model: 'never heard of' }), {
      open: '<think>',
      close: '</think>',
    })
    assert.equal(withThought('so', '4', { open: '[THINK]', close: '[/THINK]' }), '[THINK]\nso\n[/THINK]\n\n4')
    assert.equal(withThought(null, '4', { open: '<think>', close: '</think>' }), '4')
  })
})

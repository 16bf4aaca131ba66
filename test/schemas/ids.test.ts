import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { importedId, preferenceId, problemId, rejectionId, responseId, sftId } from '../../schemas/ids.ts'

describe('ids', () => {
  it('are what they were on the first day: a change would break the resume of every run', () => {
    assert.equal(problemId('run', 0, 0), 'bc42a6ed-1693-5d75-9818-602792668b4d')
    assert.equal(importedId('run', '{"problem":"1+1?"}'), '34d52d27-ca52-5fd8-a822-4c8e77b213bd')
  })

  it('are UUIDs of version 5', () => {
    assert.match(problemId('run', 3, 1), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('differ by run, slot, choice, content and occurrence, and never between the two kinds', () => {
    const ids = [
      problemId('run', 0, 0),
      problemId('run', 0, 1),
      problemId('run', 1, 0),
      problemId('nur', 0, 0),
      importedId('run', 'a'),
      importedId('run', 'b'),
      importedId('run', 'a', 1),
      importedId('nur', 'a'),
      importedId('run', '0', 0),
    ]
    assert.equal(new Set(ids).size, ids.length)
  })

  it('take content that is not well-formed Unicode', () => {
    assert.notEqual(importedId('run', '\ud800'), importedId('run', '\ud801'))
  })

  it('spell what belongs to a problem after it', () => {
    assert.equal(responseId('p', 'answer'), 'p/answer')
    assert.equal(responseId('p', 'sample', 3), 'p/sample/3')
    assert.equal(sftId('p'), 'p/sft')
    assert.equal(preferenceId('p'), 'p/preference/0')
    assert.equal(rejectionId('p'), 'p/rejection')
  })
})

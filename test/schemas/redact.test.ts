// No form of a secret that others quote is left in a text.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRedactor, REDACTED } from '../../schemas/redact.ts'

const secret = fc.string({ minLength: 8, maxLength: 40 }).filter((text) => text.trim().length >= 8)

describe('a redactor', () => {
  it('leaves no form of a secret, wherever it stands', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (whole, before, after) => {
        const value = whole.trim()
        const redact = createRedactor([value])
        const forms = [value, JSON.stringify(value).slice(1, -1), Buffer.from(value).toString('base64')]
        for (const form of forms) {
          const left = redact(before + form + after)
          assert.ok(!left.includes(form) || REDACTED.includes(form), left)
        }
      }),
    )
  })

  it('leaves other text as it is, and words that are too short to be secrets', () => {
    assert.equal(createRedactor(['admin', '', null, undefined])('the admin'), 'the admin')
    assert.equal(createRedactor(['hunter2-hunter2'])('nothing here'), 'nothing here')
  })
})

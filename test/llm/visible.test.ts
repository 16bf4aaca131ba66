// Texts made visible: nothing is lost to the eye, and line ends stay line ends where asked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { visible, visibleLines } from '../../llm/visible.ts'

test('line ends, tabs, control characters, blanks at the end', () => {
  assert.equal(visible('a\n\tb \n c  '), 'a␊␉b·␊ c··')
  assert.equal(visible('\u0000\u001b\u200b<s>'), '␀␛\\u200b<s>')
  assert.equal(visible('a\u202eb\u2066c\u061c'), 'a\\u202eb\\u2066c\\u061c')
  assert.equal(visible('<｜User｜>x'), '<｜User｜>x')
  assert.equal(visibleLines('a\nb'), 'a␊\nb')
})

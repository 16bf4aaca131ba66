// The sentinel method on small chat templates of our own, in the manner of the models' ones.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderUserTurn } from '../../llm/chat-template.ts'
import { promptPrefix, requireTemplate } from '../../llm/templates.ts'

const chatml = `{%- if messages[0].role != 'system' %}{{ '<|im_start|>system\\n' + default_system + '<|im_end|>\\n' }}{% endif -%}
{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor -%}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`

const bare = `{{ bos_token }}{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}{% else %}{{ '<｜User｜>' + message.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}`

test('ChatML with and without a system message', () => {
  const qwen = requireTemplate('qwen2.5')
  const variables = { default_system: qwen.system.default ?? '' }
  assert.deepEqual(renderUserTurn({ chatTemplate: chatml, variables }), {
    prefix: promptPrefix(qwen, {}).prompt,
    suffix: qwen.user.close + qwen.assistant.open,
  })
  assert.equal(renderUserTurn({ chatTemplate: chatml, system: 'S' }).prefix, promptPrefix(qwen, { system: 'S' }).prompt)
})

test('a template without markers around the system text', () => {
  const r1 = requireTemplate('deepseek-r1')
  assert.deepEqual(renderUserTurn({ chatTemplate: bare, bosToken: r1.bos, system: 'S' }), {
    prefix: promptPrefix(r1, { system: 'S' }).prompt,
    suffix: r1.user.close + r1.assistant.open,
  })
})

test('a template that does not write the message, or twice, is refused', () => {
  assert.throws(() => renderUserTurn({ chatTemplate: 'nothing' }), /exactly once/)
  assert.throws(
    () => renderUserTurn({ chatTemplate: '{{ messages[0].content }}{{ messages[0].content }}' }),
    /exactly once/,
  )
})

test('a template that asks for the date is told the same one on every day', () => {
  const dated =
    "{% if strftime_now is defined %}{{ strftime_now('%Y-%m-%d') }}|{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%B %d, %Y') }}|{% endif %}{{ messages[0].content }}"
  assert.equal(renderUserTurn({ chatTemplate: dated }).prefix, '2024-07-26|26 Jul 2024|July 26, 2024|')
})

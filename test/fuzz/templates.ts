// A chat template that somebody broke: taken apart, or refused as the user's fault. It never reaches what is around it.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { readOwnTemplate } from '../../llm/own-template.ts'
import { promptPrefix } from '../../llm/templates.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { mutatedText } from './mutations.ts'

const valid = [
  "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
  "{{ bos_token }}{% if messages[0].role == 'system' %}[SYS]{{ messages[0].content }}[/SYS]{% set messages = messages[1:] %}{% endif %}{% for m in messages %}{% if m.role == 'user' %}[INST]{{ m.content | trim }}[/INST]{% else %}{{ m.content }}</s>{% endif %}{% endfor %}",
  '{%- set ns = namespace(n=0) -%}{%- macro say(m) -%}<{{ m.role }}>{{ m.content }}{%- endmacro -%}{%- for m in messages -%}{{ say(m) }}{%- set ns.n = ns.n + 1 -%}{%- endfor -%}<assistant>',
]
const TOKENS = ['{{', '}}', '{%', '%}', '{#', '-', "'", '[', '| upper', '| tojson', '.constructor', '.__proto__', 'raise_exception("no")', 'range(3)', 'undefined', '{% endfor %}', '{% break %}', 'messages[5]', 'strftime_now("%Y")', '1/0', 'x7QpreQueryY3'] // prettier-ignore

const folder = mkdtempSync(join(tmpdir(), 'magpie-fuzz-'))
process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true })
})

export const chatTemplate = fc.property(mutatedText(valid, TOKENS), fc.boolean(), (text, isTokenizer) => {
  const file = join(folder, isTokenizer ? 'tokenizer_config.json' : 'broken.jinja')
  writeFileSync(file, isTokenizer ? JSON.stringify({ chat_template: text, eos_token: '</s>' }) : text)
  try {
    const template = readOwnTemplate(file)
    assert.equal(typeof promptPrefix(template, {}).prompt, 'string')
  } catch (error) {
    assert.ok(error instanceof UsageFault, `not a UsageFault: ${error instanceof Error ? error.stack : String(error)}`)
    assert.ok(error.faults[0]!.includes(file), error.faults[0])
  } finally {
    rmSync(file)
  }
})

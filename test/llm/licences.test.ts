// Licences of models by their names: the first pattern that fits decides, and what is not known is not guessed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { licenceOf } from '../../llm/licences.ts'
import { loadTemplates } from '../../llm/templates.ts'

describe('the licence of a model', () => {
  it('differs within a family where the makers say so', () => {
    assert.equal(licenceOf('Qwen/Qwen2.5-7B-Instruct'), 'apache-2.0')
    assert.equal(licenceOf('Qwen/Qwen2.5-72B-Instruct'), 'qwen')
    assert.equal(licenceOf('qwen2.5-3b-instruct'), 'qwen-research')
    assert.equal(licenceOf('deepseek-ai/DeepSeek-V3'), 'deepseek')
    assert.equal(licenceOf('deepseek-ai/DeepSeek-V3-0324'), 'mit')
  })

  it('is not inherited by a template that goes on from another', () => {
    assert.equal(licenceOf('deepseek-ai/DeepSeek-R1-Distill-Qwen-7B'), 'mit')
    assert.equal(licenceOf('meta-llama/Llama-3.3-70B-Instruct'), 'llama3.3')
  })

  it('is not guessed', () => {
    assert.equal(licenceOf('Org/some-model'), null)
    assert.equal(licenceOf('internlm/internlm2-chat-7b'), null)
  })

  it('is a word, in every entry that has one', () => {
    for (const { name, licences = {} } of loadTemplates())
      for (const licence of Object.values(licences)) assert.match(licence, /^[a-z][a-z0-9.-]+$/, name)
  })
})

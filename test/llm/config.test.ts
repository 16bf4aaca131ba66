// The config of roles and endpoints: defaults, and what is refused with which words.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { z } from 'zod'
import { engineUrl, rewarderConfig, roleConfig } from '../../llm/config.ts'

function faults(schema: z.ZodType, value: unknown): string {
  const result = schema.safeParse(value)
  return result.success
    ? ''
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n')
}

const role = { endpoints: [{ url: 'http://a:8000/v1' }], model: 'm' }

test('defaults', () => {
  const parsed = roleConfig.parse(role)
  assert.deepEqual(parsed.sampling, {
    temperature: 1,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    maxTokens: 1024,
  })
  assert.deepEqual(parsed.endpoints, [{ url: 'http://a:8000/v1', weight: 1, limit: 4096, start: 16, adaptive: true }])
  assert.equal(parsed.timeoutSeconds, 3600)
  assert.ok(parsed.prompt.includes('{problem}'))
})

test('URLs: with or without /v1, local, never with credentials', () => {
  for (const url of ['http://a:8000', 'https://a/v1', 'https://a/b/v1/', 'local'])
    assert.equal(faults(roleConfig, { ...role, endpoints: [{ url }] }), '', url)
  for (const [url, words] of [
    ['a:8000', /http/],
    ['nonsense', /not a URL/],
    ['ftp://a', /only http/],
    ['http://user:pass@a:1', /carries credentials.*keyEnv/],
    ['http://a:1/?key=1', /query/],
  ] as const)
    assert.match(faults(roleConfig, { ...role, endpoints: [{ url }] }), words, url)
  assert.equal(engineUrl('http://a:1/v1/'), 'http://a:1')
  assert.equal(engineUrl('http://a:1/b/v1'), 'http://a:1/b')
  assert.equal(engineUrl('http://a:1/'), 'http://a:1')
})

test('what would spoil a run is refused', () => {
  assert.match(faults(roleConfig, { ...role, endpoints: [] }), /at least one endpoint/)
  assert.match(faults(roleConfig, { ...role, sampling: { temperature: 3 } }), /sampling\.temperature/)
  assert.match(faults(roleConfig, { ...role, sampling: { topP: 0 } }), /sampling\.topP/)
  assert.match(faults(roleConfig, { ...role, stop: ['\n'] }), /first blank or line end/)
  assert.match(faults(roleConfig, { ...role, stop: ['a', 'b', 'c', 'd', 'e'] }), /at most 4/)
  assert.match(faults(roleConfig, { ...role, prompt: 'no place' }), /prompt/)
  assert.match(
    faults(roleConfig, { ...role, endpoints: [{ url: 'http://a:1', keyEnv: 'sk-123' }] }),
    /NAME of an environment variable/,
  )
  assert.match(faults(roleConfig, { ...role, apiKey: 'x' }), /apiKey/)
  assert.match(faults(rewarderConfig, { ...role, sampling: {} }), /sampling/)
})

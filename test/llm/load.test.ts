// What a page of /metrics says: true pages of a real vLLM, old names, several engines behind one server, none of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLoad } from '../../llm/load.ts'
import { noRecordings, recorded } from '../support/recorded-vllm.ts'

test('a real page', { skip: noRecordings }, () => {
  assert.deepEqual(readLoad(String(recorded('metrics').body)), {
    ...{ running: 0, waiting: 0, cacheUsage: 0, preemptions: 0 },
    generatedTokens: 4602,
  })
  assert.equal(readLoad(String(recorded('rm_metrics').body))?.generatedTokens, 0)
})

test('engines of one server are added up, the fullest cache counts, other series of the same beginning do not', () => {
  const page = [
    '# HELP vllm:num_requests_running of vllm:num_requests_running 99',
    'vllm:num_requests_running{engine="0",model_name="a b}c"} 3.0',
    'vllm:num_requests_running{engine="1",model_name="a"} 4.0',
    'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 50',
    'vllm:num_requests_waiting{engine="0"} 1.0 1795382420000',
    'vllm:num_requests_waiting{engine="1"} 2e0',
    'vllm:kv_cache_usage_perc{engine="0"} 0.25',
    'vllm:kv_cache_usage_perc{engine="1"} 0.75',
    'vllm:num_preemptions_total{engine="0"} 7',
    'vllm:num_preemptions_created{engine="0"} 1.79e9',
  ].join('\n')
  assert.deepEqual(readLoad(page), {
    ...{ running: 7, waiting: 3, cacheUsage: 0.75, preemptions: 7, generatedTokens: null },
  })
})

test('old names, and those of llama.cpp', () => {
  const old = 'vllm:num_requests_running 1\nvllm:num_requests_waiting 2\nvllm:gpu_cache_usage_perc 0.5\n'
  assert.deepEqual(readLoad(old), {
    ...{ running: 1, waiting: 2, cacheUsage: 0.5, preemptions: null, generatedTokens: null },
  })
  assert.deepEqual(readLoad('llamacpp:requests_processing 4\nllamacpp:requests_deferred 9'), {
    ...{ running: 4, waiting: 9, cacheUsage: null, preemptions: null, generatedTokens: null },
  })
})

test('a page without a queue says nothing', () => {
  for (const page of ['', '<html>', 'vllm:num_requests_running NaN\nvllm:num_requests_waiting 1', 'up 1\n'])
    assert.equal(readLoad(page), null, page)
})

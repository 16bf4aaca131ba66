// Snapshots of a run for the tests of cli/: whole, with what matters given by the test.

import type { RunSnapshot } from '../../pipeline/run-contract.ts'
import type { EndpointState, RoleUsage } from '../../llm/contract.ts'
import type { SinkState } from '../../stream/sink-consumer.ts'
import { sumOf } from '../../pipeline/spending.ts'
import type { StageState } from '../../stream/stage.ts'

export function stageState(name: string, over: Partial<StageState> = {}): StageState {
  const counts = {
    received: 0,
    redriven: 0,
    emitted: 0,
    rejected: 0,
    dead: 0,
    running: 0,
    waiting: 0,
    queued: 0,
    seconds: 0,
  }
  return { name, ...counts, paused: false, lastError: null, ...over }
}

export function sinkState(name: string, over: Partial<SinkState> = {}): SinkState {
  const counts = { received: 0, written: 0, batches: 0, dead: 0, writing: 0, queued: 0, seconds: 0 }
  return { name, ...counts, waiting: false, paused: false, lastError: null, ...over }
}

export function endpointState(url: string, over: Partial<EndpointState> = {}): EndpointState {
  const limitChange = { at: 0, reason: 'start' }
  const counts = { inFlight: 0, limit: 64, limitChange, load: null, meanMs: null }
  return { url, healthy: true, downSince: null, lastError: null, ...counts, ...over }
}

export function usage(completionTokens: number, usd: number | null = null): RoleUsage {
  const times = { seconds: 1, sequenceSeconds: 1, engineSeconds: 1 }
  return { calls: 1, promptTokens: 10, cachedTokens: 0, completionTokens, retries: 0, unmeasured: 0, ...times, usd }
}

export function runSnapshot(over: Partial<RunSnapshot> = {}): RunSnapshot {
  return {
    phase: 'running',
    here: null,
    startedAt: 0,
    total: 200,
    read: null,
    made: 0,
    brokenLines: 0,
    produced: null,
    accepted: { sft: 0, preference: 0 },
    wanted: null,
    stages: [],
    sinks: [],
    llm: { endpoints: [], waiting: 0, usage: {} },
    kept: null,
    sender: { sent: 0, waiting: 0, downSince: null, lastError: null },
    spent: sumOf([]),
    budget: { usd: null, tokens: null, hours: null },
    ...over,
  }
}

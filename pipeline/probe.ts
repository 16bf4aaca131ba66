// A probe: a few problems that go through all stages on the real servers, in a revision of its own. Promise: it shares
// nothing with the run that it forecasts: topics, groups, duplicates, ids and seeds are its own, and are removed.

import { canonicalJson } from '../configs/canonical.ts'
import type { LoadedConfig } from '../configs/load.ts'
import { EMBEDDER } from '../llm/config.ts'
import { LARGEST_BASE } from '../llm/seeds.ts'
import { groupOf, PART_NAMES } from '../pipeline.ts'
import type { PartName } from '../pipeline.ts'
import type { Codec } from '../schemas/codec.ts'
import type { Conversed, Generation } from '../schemas/records.ts'
import { TOPIC_NAMES, topicFor } from '../schemas/topics.ts'
import { deleteGroups } from '../stream/groups-admin.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { createSender } from '../stream/sender.ts'
import { deleteTopics } from '../stream/topics-admin.ts'
import { readStarts } from './run-starts.ts'
import { keysOf, readRecords } from './read-records.ts'
import type { ReadRun } from './read-records.ts'

/** What one role has cost for one problem of the probe. */
export interface ProbedCost {
  promptTokens: number
  cachedTokens: number
  completionTokens: number
  usd: number | null
  sequenceSeconds: number
}

export interface ProbedProblem {
  readonly roles: Record<string, ProbedCost>
  readonly sft: boolean
  readonly preference: boolean
}

/** Seeds of the probe begin this far from the run's own, so that it invents other problems. */
const SEED_STEP = LARGEST_BASE / 2

/** Everything but the sinks. */
export const PROBE_PARTS: ReadonlySet<PartName> = new Set(
  PART_NAMES.filter((part) => part !== 'clickhouse' && part !== 'json'),
)

/** Name of a probe's revision; now: milliseconds since 1970 UTC. */
export function probeRevision(now: number): string {
  return `dry-run-${new Date(now)
    .toISOString()
    .slice(0, 19)
    .replaceAll(/[^0-9]/g, '')}-${process.pid}`
}

/** The config of a probe of so many problems. */
export function probeConfig(loaded: LoadedConfig, problems: number): LoadedConfig {
  const { config } = loaded
  const off = { enabled: false }
  const probe = {
    ...config,
    total: problems,
    accept: null,
    budget: { usd: null, tokens: null, hours: null },
    producer: { ...config.producer, seed: (config.producer.seed + SEED_STEP) % LARGEST_BASE },
    sinks: { clickhouse: { ...config.sinks.clickhouse, ...off }, json: { ...config.sinks.json, ...off } },
  }
  return { ...loaded, config: probe, json: canonicalJson(probe) }
}

/** What each problem of the probe cost and became. Throws Failure when Kafka does not answer. */
export async function readProbe(run: ReadRun, signal: AbortSignal): Promise<ProbedProblem[]> {
  const costs = new Map<string, Record<string, ProbedCost>>()
  const slots = new Map<number, { generations: Generation[]; ids: string[] }>()
  for await (const { id, slot, generation } of readRecords(run, 'problems', 'Problem', signal)) {
    if (costs.has(id)) continue
    costs.set(id, {})
    const made = slots.get(slot) ?? { generations: [], ids: [] }
    made.ids.push(id)
    if (generation !== null) made.generations.push(generation)
    slots.set(slot, made)
  }
  // One request made the problems of a slot, and its prompt was paid once: each has an even share.
  for (const { generations, ids } of slots.values()) {
    const whole: Record<string, ProbedCost> = {}
    for (const generation of generations) add(whole, generation)
    for (const id of ids) {
      for (const [role, cost] of Object.entries(whole)) costs.get(id)![role] = shared(cost, ids.length)
    }
  }
  const farthest = new Map<string, Partial<Conversed>>()
  for (const [topic, name] of [
    ['screened', 'Screened'],
    ['tagged', 'Tagged'],
    ['answered', 'Answered'],
    ['sampled', 'Sampled'],
    ['verified', 'Verified'],
    ['judged', 'Judged'],
    ['rewarded', 'Rewarded'],
    ['conversed', 'Conversed'],
  ] as const) {
    for await (const record of readRecords(run, topic, name, signal)) farthest.set(record.id, record)
  }
  for (const [id, record] of farthest) {
    const { screening, tags, answer, samples = [], judging, rewards = [], conversation = null } = record
    const roles = costs.get(id)
    if (roles === undefined) continue
    if (screening?.embedding != null) add(roles, readOnly(EMBEDDER, screening.embedding))
    const responses = [...(answer === undefined || answer === null ? [] : [answer]), ...samples]
    const further = (conversation?.followUps ?? []).flatMap(({ tries, answers }) => [...tries, ...answers])
    const calls = [...(tags === undefined || tags === null ? [] : [tags]), ...responses, ...further]
    for (const { generation } of calls) add(roles, generation)
    for (const { generation } of judging?.judgements ?? []) if (generation !== null) add(roles, generation)
    for (const reward of rewards) if (reward.model !== null) add(roles, readOnly(`reward:${reward.name}`, reward))
  }
  const sft = await keysOf(run, 'sft', signal)
  const preference = await keysOf(run, 'preferences', signal)
  return [...costs].map(([id, roles]) => ({ roles, sft: sft.has(id), preference: preference.has(id) }))
}

type Call = Pick<Generation, 'role' | 'promptTokens' | 'cachedTokens' | 'completionTokens' | 'milliseconds' | 'usd'>

/** A call that wrote nothing. */
function readOnly(
  role: string,
  { tokens, ...rest }: { tokens: number; milliseconds: number; usd: number | null },
): Call {
  const { milliseconds, usd } = rest
  return { role, promptTokens: tokens, cachedTokens: 0, completionTokens: 0, milliseconds, usd }
}

function add(roles: Record<string, ProbedCost>, call: Call): void {
  const cost = (roles[call.role] ??= {
    ...{ promptTokens: 0, cachedTokens: 0, completionTokens: 0, sequenceSeconds: 0, usd: null },
  })
  cost.promptTokens += call.promptTokens
  cost.cachedTokens += call.cachedTokens
  cost.completionTokens += call.completionTokens
  cost.sequenceSeconds += call.milliseconds / 1000
  if (call.usd !== null) cost.usd = (cost.usd ?? 0) + call.usd
}

function shared(cost: ProbedCost, parts: number): ProbedCost {
  return {
    promptTokens: cost.promptTokens / parts,
    cachedTokens: cost.cachedTokens / parts,
    completionTokens: cost.completionTokens / parts,
    usd: cost.usd === null ? null : cost.usd / parts,
    sequenceSeconds: cost.sequenceSeconds / parts,
  }
}

/** Takes away the topics, groups and state of a probe that has ended; dead letters stay. Throws Failure. */
export async function removeProbe({
  connection,
  codec,
  runId,
  revision,
}: ReadRun & { codec: Codec; connection: KafkaConnection }): Promise<void> {
  const starts = await readStarts(connection, codec, new AbortController().signal)
  const own = starts.filter((start) => start.runId === runId && start.revision === revision).map(({ id }) => id)
  const gone = { value: Buffer.alloc(0), headers: {} }
  const sender = await createSender(connection, connection.log)
  try {
    await sender.send([
      { topic: 'runs', key: `${runId}/${revision}`, ...gone },
      ...own.map((id) => ({ topic: 'starts', key: id, ...gone })),
    ])
  } finally {
    await sender.close()
  }
  const names = TOPIC_NAMES.map((name) => topicFor(name, revision)).filter((name) => name.endsWith(`.${revision}`))
  await deleteGroups(
    connection,
    PART_NAMES.map((part) => groupOf(runId, revision, part)),
  )
  await deleteTopics(connection, names)
}

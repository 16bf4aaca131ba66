// A finished run of so many recorded problems on the log, for benches of what comes after the models: its state, and its
// records on the topics `sampled` and `rewarded`, made by the program's own stages and codec.

import { loadConfig } from '../configs/load.ts'
import { createLlm } from '../llm/llm.ts'
import type { Comparison, MathPool } from '../math/contract.ts'
import { groupAnswers } from '../math/group.ts'
import { createMathPool } from '../math/pool.ts'
import { publishRunState } from '../pipeline/run-records.ts'
import { createReward } from '../processors/reward.ts'
import { createVerify } from '../processors/verify.ts'
import { noMemory } from '../schemas/call-memory.ts'
import { createCodec } from '../schemas/codec.ts'
import { silentLogger as log } from '../schemas/logger.ts'
import { connectKafka } from '../stream/kafka.ts'
import type { Outcome } from '../stream/outcome.ts'
import { stamp } from '../stream/outgoing.ts'
import { createSender } from '../stream/sender.ts'
import { ensureTopics } from '../stream/topics-admin.ts'
import { createRecordedProblems } from './recorded-problems.ts'

/** Mean bytes of a record, as the codec writes it. */
export interface RecordSizes {
  readonly sampled: number
  readonly verified: number
  readonly rewarded: number
}

/** What a replay does; no role is asked. */
const WORK = { producer: 'none', stages: ['verify', 'reward', 'curate'] } as const

/** Problems that are made at once. */
const SHARE = 500

/** Writes it all. config: path of the run's config. Returns how large the records are. */
export async function writeRecordedRun(
  brokers: string,
  { runId, config, count }: { readonly runId: string; readonly config: string; readonly count: number },
): Promise<RecordSizes> {
  const connection = connectKafka({ brokers: brokers.split(','), log })
  const [codec, loaded] = await Promise.all([
    createCodec(),
    loadConfig({ file: config, environment: process.env, work: WORK }),
  ])
  await ensureTopics(connection, { revision: 'main' })
  const sender = await createSender(connection, log)
  const pool = createMathPool({ ...loaded.config.stages.verify, log })
  const startedAt = Date.now()
  const now = (): number => startedAt
  const { stages } = loaded.config
  const verify = createVerify({ math: withMemory(pool), config: stages.verify, now })
  const reward = createReward({ llm: createLlm({ roles: {}, rewarders: {}, log }), config: stages.reward, now })
  const context = { signal: new AbortController().signal, log, calls: noMemory }
  const problemOf = createRecordedProblems(runId, startedAt)
  const bytes = { sampled: 0, verified: 0, rewarded: 0 }
  const owner = { runId, revision: 'main' }

  for (let first = 0; first < count; first += SHARE) {
    const slots = Array.from({ length: Math.min(SHARE, count - first) }, (_, at) => first + at)
    const made = slots.map(async (slot) => {
      const sampled = problemOf(slot)
      const verified = emitted(await verify(sampled, context))
      const rewarded = emitted(await reward(verified, context))
      const values = {
        sampled: codec.encode('Sampled', sampled),
        verified: codec.encode('Verified', verified),
        rewarded: codec.encode('Rewarded', rewarded),
      }
      for (const name of ['sampled', 'verified', 'rewarded'] as const) bytes[name] += values[name].length
      return (['sampled', 'rewarded'] as const).map((topic) =>
        stamp({ topic, key: sampled.id, value: values[topic] }, owner),
      )
    })
    await sender.send((await Promise.all(made)).flat())
  }
  const identity = { ...owner, config: loaded.json, configHash: loaded.hash, version: 'bench' }
  for (const state of ['running', 'finished'] as const)
    await publishRunState(sender, codec, identity, state, { now: Date.now(), startedAt })
  await sender.close()
  await pool.close()
  await connection.close()
  return {
    sampled: bytes.sampled / count,
    verified: bytes.verified / count,
    rewarded: bytes.rewarded / count,
  }
}

/** The recording has few different answers; what a pair came to is asked once. */
function withMemory(pool: MathPool): MathPool {
  const known = new Map<string, Promise<Comparison>>()
  const compare = (gold: string, pred: string): Promise<Comparison> => {
    const pair = JSON.stringify([gold, pred])
    const found = known.get(pair) ?? pool.compare(gold, pred)
    known.set(pair, found)
    return found
  }
  return { ...pool, compare, group: (answers) => groupAnswers(answers, compare) }
}

function emitted<Out>(outcome: Outcome<Out>): Out {
  if (!('emit' in outcome)) throw new Error(`a recorded problem was rejected: ${outcome.reject.reason}`)
  return outcome.emit
}

// The numbers behind the plots: counted in the database, so that a million rows are a few dozen bars here.

import { OF_RUNS } from './contract.ts'
import type { Bin, CardManifest, PlotData, Select } from './contract.ts'
import { ticks } from './svg.ts'

export interface PlotSources {
  /** Asks about the revision that is exported. */
  readonly own: Select
  /** Asks about the revision that its responses are of. */
  readonly ground: Select
  readonly type: CardManifest['type']
}

const BARS = 24
/** Rewards that get a plot. */
const MOST_REWARDS = 3
/** Longer texts than those of this share stand together in the last bar. */
const TAIL = 0.99

/** Lengths are tokens of what is in the rows: responses, or both sides of the pairs. */
const LENGTHS = {
  sft: `SELECT 'response' AS series, completion_tokens AS tokens FROM sft FINAL WHERE ${OF_RUNS}`,
  preference: `
    SELECT 'chosen' AS series, JSONExtractUInt(chosen_generation, 'completion_tokens') AS tokens
    FROM preferences FINAL WHERE ${OF_RUNS}
    UNION ALL
    SELECT 'rejected', JSONExtractUInt(rejected_generation, 'completion_tokens') FROM preferences FINAL WHERE ${OF_RUNS}`,
  steps: `SELECT 'response' AS series, completion_tokens AS tokens FROM responses FINAL WHERE ${OF_RUNS} AND notEmpty(reward_steps)`,
} as const

/** Counts them. Throws what the database throws. */
export async function readPlots({ own, ground, type }: PlotSources): Promise<PlotData> {
  return {
    rewards: await readRewards(ground),
    lengths: await readLengths(type === 'steps' ? ground : own, LENGTHS[type]),
    passRates: await ground(
      `SELECT assumeNotNull(difficulty) AS difficulty, avg(assumeNotNull(pass_rate)) AS passRate, count() AS problems
       FROM problems FINAL WHERE ${OF_RUNS} AND difficulty IS NOT NULL AND pass_rate IS NOT NULL
       GROUP BY difficulty
       ORDER BY indexOf(['very easy', 'easy', 'medium', 'hard', 'very hard'], difficulty), difficulty LIMIT 20`,
    ),
  }
}

async function readRewards(select: Select): Promise<Map<string, Bin[]>> {
  const bars = await select<Bin & { reward: string }>(
    `SELECT reward, ifNull(verdict, 'not verified') AS series, low, high, responses AS count
     FROM reward_histogram WHERE ${OF_RUNS} ORDER BY reward, low, series`,
  )
  const names = [...new Set(bars.map(({ reward }) => reward))].slice(0, MOST_REWARDS)
  return new Map(names.map((name) => [name, bars.filter(({ reward }) => reward === name)]))
}

async function readLengths(select: Select, lengths: string): Promise<Bin[]> {
  const [spread] = await select<{ least: number; most: number; rows: number }>(
    `SELECT min(tokens) AS least, quantileExact(${TAIL})(tokens) AS most, count() AS rows FROM (${lengths})`,
  )
  if (spread === undefined || spread.rows === 0) return []
  const scale = ticks(spread.least, spread.most + 1, BARS)
  const step = Math.max(1, Math.ceil((scale[1] ?? 1) - (scale[0] ?? 0)))
  const last = Math.floor(spread.most / step)
  return await select<Bin>(
    `SELECT series, least(intDiv(tokens, ${step}), ${last}) * ${step} AS low, low + ${step} AS high, count() AS count
     FROM (${lengths}) GROUP BY series, low ORDER BY low, series`,
  )
}

// What a replay that adds to rows of another revision (`--into`) must have left there. Promise: a row that has what it
// adds from elsewhere (its revision had labels, or a reward of that name) does not count; one whose scores a later
// addition has replaced does.

import type { Replay } from '../../configs/replay.ts'
import { configSchema } from '../../configs/schema.ts'
import type { Config } from '../../configs/schema.ts'
import { planStages } from '../../pipeline.ts'
import type { PlannedStage } from '../../pipeline.ts'
import { versionOf } from '../../processors/reward.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { FIRST_VERSION } from '../../sinks/clickhouse/additions.ts'

export interface Addition {
  /** Revision whose rows gain it. */
  readonly into: string
  /** Rows of problems gain labels, rows of responses gain rewards. */
  readonly table: 'problems' | 'responses'
  /** The rewards by name, each with the versions that its scores may have in the rows. Of labels there are none. */
  readonly rewards: ReadonlyMap<string, readonly string[]>
}

/**
 * What a run reads and writes, with all its topics told apart: an addition to the records that came farthest writes a
 * topic of the name that it reads, so here what it reads goes by a name that no addition writes.
 */
export function readApart(config: Config): { planned: readonly PlannedStage[]; replay: Replay | null } {
  const [planned, { replay }] = [planStages(config), config]
  if (replay === null || planned[0]?.to !== replay.from) return { planned, replay }
  const from = 'screened'
  return { planned: planned.map((stage) => ({ ...stage, from })), replay: { ...replay, from } }
}

/** states: newest words of all runs and revisions. */
export function additionOf(record: RunRecord, config: Config, states: readonly RunRecord[]): Addition | null {
  const { replay, stages } = config
  if (replay === null || replay.into === null) return null
  const { into, of } = replay
  const table = tableOf(replay)
  if (table === 'problems') return { into, table, rewards: new Map() }
  const known = states.flatMap(({ runId, revision, createdAt, config: text }) => {
    const read = runId === record.runId ? configSchema.safeParse(JSON.parse(text)).data : undefined
    return read === undefined ? [] : [{ revision, createdAt, config: read }]
  })
  const source = known.find(({ revision }) => revision === of)
  const others = known.filter(
    ({ revision, config: { replay: other } }) =>
      revision !== record.revision && other?.into === into && tableOf(other) === table,
  )
  const rewards = stages.reward.rewards.map((reward): [string, string[]] => {
    const [own, { name }] = [versionOf(reward), reward]
    // Scores that the records had already are not written over what another addition has put in their place.
    const isThere = source !== undefined && versionsIn(source.config, name).includes(own)
    const replacing = others.filter(({ createdAt }) => isThere || createdAt >= record.startedAt)
    return [name, [own, ...replacing.flatMap((other) => versionsIn(other.config, name))]]
  })
  return { into, table, rewards: new Map(rewards) }
}

/** The condition on rows that have gained it, with its parameters. */
export function gainedRows({ rewards }: Addition): { where: string; parameters: Record<string, unknown> } {
  const named = [...rewards].map(([name, versions], index) => ({
    where: `reward_versions[{reward${index}:String}] IN {versions${index}:Array(String)}`,
    parameters: { [`reward${index}`]: name, [`versions${index}`]: versions },
  }))
  return {
    where: [`version >= ${FIRST_VERSION}`, ...named.map(({ where }) => where)].join(' AND '),
    parameters: Object.assign({}, ...named.map(({ parameters }) => parameters)) as Record<string, unknown>,
  }
}

function tableOf({ stages }: Replay): Addition['table'] {
  return stages.includes('tag') ? 'problems' : 'responses'
}

function versionsIn({ stages }: Config, name: string): string[] {
  return stages.reward.rewards.filter((reward) => reward.name === name).map(versionOf)
}

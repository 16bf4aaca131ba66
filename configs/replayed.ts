// The config of a replay: that of a file or of a run on the log, and what the replay reads.

import { canonicalJson, deepFreeze } from './canonical.ts'
import type { LoadedConfig } from './load.ts'
import type { Replay } from './replay.ts'

/** The same config for a replay of this run. How many problems or rows are wanted is no question of a replay. */
export function withReplay(
  loaded: LoadedConfig,
  replay: Replay,
  { runId, sinks }: { readonly runId: string; readonly sinks: readonly ('clickhouse' | 'json')[] | null },
): LoadedConfig {
  const { clickhouse, json } = loaded.config.sinks
  const isOn = (name: 'clickhouse' | 'json'): boolean => sinks?.includes(name) ?? loaded.config.sinks[name].enabled
  const config = deepFreeze({
    ...loaded.config,
    ...{ name: runId, total: null, accept: null, replay },
    sinks: {
      clickhouse: { ...clickhouse, enabled: isOn('clickhouse') },
      json: { ...json, enabled: isOn('json') },
    },
  })
  return { ...loaded, config, json: canonicalJson(config) }
}

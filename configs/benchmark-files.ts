// Benchmarks that screening knows, as a config names them: own fingerprint files are checked before a run, their paths
// start at the config's folder, and a run is known by what they say, wherever they lie.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isPath, readBenchmarks } from '../processors/screening/contamination-files.ts'
import { sha256 } from './canonical.ts'
import type { ConfigFault } from './fault.ts'
import type { Config, Sections, Stages } from './schema.ts'

type Benchmarks = Stages['screen']['contamination']['benchmarks']

/** Faults of the benchmarks that are named. folder: where relative paths start. */
export function brokenBenchmarks({ asFarAsRight: { screen } }: Sections, folder: string): ConfigFault[] {
  if (screen?.contamination.enabled !== true) return []
  const path = ['stages', 'screen', 'contamination', 'benchmarks']
  return readBenchmarks(screen.contamination.benchmarks, folder).faults.map(({ index, text }) => ({
    path: index === null ? path : [...path, index],
    text,
  }))
}

/** The same config with whole paths of own fingerprint files. */
export function withBenchmarkPaths(config: Config, folder: string): Config {
  return withBenchmarks(config, (file) => resolve(folder, file))
}

/** The same config with the hash of an own file in place of its path. */
export function withBenchmarkHashes(config: Config): Config {
  if (!config.stages.screen.contamination.enabled) return config
  return withBenchmarks(config, (file) => sha256(readFileSync(file, 'utf8')))
}

function withBenchmarks(config: Config, change: (file: string) => string): Config {
  const { screen } = config.stages
  const named = screen.contamination.benchmarks
  const benchmarks: Benchmarks = named === 'all' ? named : named.map((each) => (isPath(each) ? change(each) : each))
  const contamination = { ...screen.contamination, benchmarks }
  return { ...config, stages: { ...config.stages, screen: { ...screen, contamination } } }
}

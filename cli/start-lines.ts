// The first words of a run: what it begins with, or where it goes on and what is different from its last start.

import type { LoadedConfig } from '../configs/load.ts'
import type { MadeFrom } from '../pipeline/produce.ts'
import type { ActiveRun } from '../pipeline/run-contract.ts'
import type { PartName } from '../pipeline.ts'
import { changedParts, changedSettings } from './changed-settings.ts'
import type { Messages } from './messages/contract.ts'
import { wantedRows } from './wanted-rows.ts'

/** More settings than a config has. */
const ALL = 10_000

interface Started {
  readonly loaded: LoadedConfig
  readonly runId: string
  readonly source: MadeFrom
  /** What this process does. */
  readonly parts: ReadonlySet<PartName>
  readonly messages: Messages
}

/** What to say about a run that has just been started or taken up again. */
export function startLines(
  run: Pick<ActiveRun, 'previous' | 'existing' | 'snapshot'>,
  { loaded, runId, source, parts, messages }: Started,
): string[] {
  const { total } = loaded.config
  const { previous, existing } = run
  const { accepted, wanted } = run.snapshot()
  if (previous === null) {
    return [
      source.kind === 'jsonl'
        ? messages.importing(runId, source.file)
        : messages.started(runId, total, wantedRows(wanted, messages)),
    ]
  }
  if (!parts.has('produce')) return [messages.joined(runId), ...changeLines(run, previous, { loaded, parts, messages })]
  const has = (type: 'sft' | 'preference'): boolean => accepted[type] >= (wanted?.[type] ?? 0)
  const isEnough = wanted !== null && has('sft') && has('preference')
  const isWhole =
    previous.state === 'finished' && (source.kind === 'jsonl' || isEnough || (total !== null && existing >= total))
  const first =
    source.kind === 'magpie' && total !== null && existing > total
      ? messages.smallerTotal(runId, existing, total)
      : isWhole
        ? messages.finishedAlready(runId)
        : messages.resumed(runId, existing, total)
  return [first, ...changeLines(run, previous, { loaded, parts, messages })]
}

/**
 * The settings that changed, and for each part that they are for, how much of its work has the old ones. To a worker only
 * those of its own parts matter.
 */
function changeLines(
  { existing, snapshot }: Pick<ActiveRun, 'existing' | 'snapshot'>,
  previous: NonNullable<ActiveRun['previous']>,
  { loaded, parts, messages }: Pick<Started, 'loaded' | 'parts' | 'messages'>,
): string[] {
  const changed = changedSettings(previous.config, loaded.json)
  if (changed.length === 0) return []
  const { config } = loaded
  const leads = parts.has('produce')
  const concerned = changedParts(changedSettings(previous.config, loaded.json, ALL), {
    ...{ made: existing, total: config.total, spent: snapshot().spent, config },
  })
  const told = leads ? concerned : concerned.filter(({ part }) => parts.has(part))
  if (!leads && told.length === 0) return []
  const isExact = previous.state !== 'running' && previous.state !== 'draining'
  return [
    messages.configChanged(leads ? changed : [...new Set(told.flatMap(({ settings }) => settings))]),
    ...told.map(({ part, settings, done, left }) => messages.configChangedFor(part, { settings, done, left, isExact })),
  ]
}

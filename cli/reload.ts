// Takes endpoints from the config file of a running run when the file changes or SIGHUP comes. Promises: only
// endpoints, weights and limits are taken, what else has changed is named and waits for the next start; a file with
// faults changes nothing and its faults are said; the run goes on in any case.

import { unwatchFile, watchFile } from 'node:fs'
import type { LoadedConfig } from '../configs/load.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { changedSettings } from './changed-settings.ts'
import type { Display } from './display.ts'
import type { Messages } from './messages/contract.ts'

/** Polling sees what editors and mounted volumes do, where notices of the file system do not. */
const LOOK_MS = 2_000
/** More settings than a config has. */
const ALL = 10_000
const ENDPOINTS = /^(?:roles\.[a-z]+|stages\.reward\.rewards\.\d+)\.endpoints\b/

export interface Reloading {
  readonly file: string
  /** As the run was started. */
  readonly loaded: LoadedConfig
  /** Reads the file again, as at the start. Throws UsageFault. */
  readonly load: () => Promise<LoadedConfig>
  /** Takes the endpoints. Throws UsageFault and changes nothing then. */
  readonly apply: (loaded: LoadedConfig) => Promise<void>
  readonly display: Display
  readonly messages: Messages
  readonly log: Logger
  /** Between two looks at the file, milliseconds; tests shorten it. */
  readonly lookMs?: number
}

/** Begins to watch; the returned function ends it. */
export function watchConfig(parts: Reloading): () => void {
  const { file, display, messages, log } = parts
  let current = parts.loaded
  let reading = Promise.resolve()
  let refused = ''

  const read = async (): Promise<void> => {
    try {
      const next = await parts.load()
      refused = ''
      const changed = changedSettings(current.json, next.json, ALL)
      if (changed.length === 0) return
      const taken = changed.filter((path) => ENDPOINTS.test(path))
      const waiting = changed.filter((path) => !ENDPOINTS.test(path))
      if (taken.length > 0) await parts.apply(next)
      current = next
      log.info({ taken, waiting }, 'the config file was read again')
      if (taken.length > 0) display.say(messages.endpointsChanged(endpointUrls(next)))
      if (waiting.length > 0) display.say(messages.settingsWait(waiting))
    } catch (error) {
      const faults = error instanceof UsageFault ? error.faults : [String(error)]
      // A folder in the place of the file changes with all that is put into it.
      if (refused === faults.join('\n')) return
      refused = faults.join('\n')
      log.warn({ faults }, 'the changed config file was not taken')
      display.say(messages.configRefused(faults))
    }
  }
  const again = (): void => {
    reading = reading.then(read)
  }
  watchFile(file, { interval: parts.lookMs ?? LOOK_MS, persistent: false }, (now, before) => {
    // A file that is gone for a moment is being written.
    if (now.mtimeMs !== before.mtimeMs && now.nlink > 0) again()
  })
  const asked = (): void => {
    refused = ''
    again()
  }
  process.on('SIGHUP', asked)
  return () => {
    unwatchFile(file)
    process.off('SIGHUP', asked)
  }
}

/** The URLs of all endpoints, each once. */
function endpointUrls({ config }: LoadedConfig): string[] {
  const roles = Object.values(config.roles).flatMap((role) => role?.endpoints ?? [])
  const rewards = config.stages.reward.rewards.flatMap((reward) => ('endpoints' in reward ? reward.endpoints : []))
  return [...new Set([...roles, ...rewards].map(({ url }) => url))]
}

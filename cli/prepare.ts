// Gets ready what a run needs on this machine: Kafka unless brokers are named, the small model where the config
// says `local`. Tells each step on the display.

import type { LoadedConfig } from '../configs/load.ts'
import { wantsLocalModel, withLocalModel } from '../configs/local-endpoint.ts'
import { startKafka } from '../local/kafka.ts'
import type { OnLocalProgress } from '../local/progress.ts'
import { startSmallModel } from '../local/small-model.ts'
import type { Logger } from '../schemas/logger.ts'
import { resolveKafka } from '../stream/config.ts'
import type { KafkaAddress, KafkaConfig } from '../stream/config.ts'
import type { Display } from './display.ts'
import type { Messages } from './messages/contract.ts'

export interface Preparing {
  readonly stateDir: string
  readonly display: Display
  readonly messages: Messages
  readonly log: Logger
  readonly signal: AbortSignal
}

/** The brokers of the config or of KAFKA_BROKERS, else those of a local Kafka that is started or found running. */
export async function prepareKafka(config: KafkaConfig, parts: Preparing): Promise<KafkaAddress> {
  const address = resolveKafka(config, process.env)
  if (address.brokers !== null) return { ...address, brokers: address.brokers }
  const { stateDir, log, signal } = parts
  const started = performance.now()
  const kafka = await startKafka({ stateDir, log, signal, onProgress: tell(parts) })
  parts.display.say(parts.messages.serviceReady('kafka', kafka.brokers, secondsSince(started)))
  return { ...address, brokers: [kafka.brokers] }
}

/** The config with a URL in the place of every `local` endpoint. */
export async function prepareModel(loaded: LoadedConfig, parts: Preparing): Promise<LoadedConfig> {
  if (!wantsLocalModel(loaded.config)) return loaded
  const { stateDir, log, signal } = parts
  const started = performance.now()
  const model = await startSmallModel({ stateDir, log, signal, onProgress: tell(parts) })
  parts.display.say(parts.messages.serviceReady('model', model.url, secondsSince(started)))
  return { ...loaded, config: withLocalModel(loaded.config, model) }
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000

function tell({ display, messages }: Preparing): OnLocalProgress {
  return (progress) => {
    switch (progress.step) {
      case 'download': {
        const { what, done, total, unit } = progress
        display.step(messages.step({ what, done, total, unit: unit === 'bytes' ? 'bytes' : 'steps' }))
        return
      }
      case 'install':
        display.say(messages.installing(progress.what))
        return
      case 'format':
      case 'ready':
        return
      case 'start':
        display.say(messages.serviceStarting(progress.service))
        return
      case 'wait':
        display.say(messages.serviceStartedElsewhere(progress.service, progress.pid))
        return
      case 'silent':
        display.say(messages.kafkaSilent(`127.0.0.1:${progress.port}`, `process ${progress.pid}`))
        return
      case 'move':
        display.say(messages.portMoved(progress.service, progress.from, progress.to))
    }
  }
}

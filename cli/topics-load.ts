// magpie topics load: a dumped run into this Kafka, where it can be audited, gone on with and replayed.

import type { Command } from 'commander'
import { loadRun } from '../pipeline/carry/load.ts'
import { readManifest } from '../pipeline/carry/manifest.ts'
import { readRegistry } from '../schemas/registry.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { withKafka } from './brokers.ts'
import { interruptible } from './interrupted.ts'
import { stateOption } from './options.ts'

interface LoadOptions {
  readonly state: string
  readonly json?: true
}

export function addTopicsLoad(topics: Command): void {
  topics
    .command('load <folder>')
    .description('Loads a dumped run into this Kafka, with what its stages had finished.')
    .option('--json', 'as JSON')
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
All files are checked before anything is loaded. A load that was broken off goes on where it was; a run that is there
already is left alone. docs/topics.md says what becomes of offsets.

Examples:
  KAFKA_BROKERS=new:9092 ./magpie topics load olympiad-log
  KAFKA_BROKERS=new:9092 ./magpie audit --run olympiad --no-tables --no-files`,
    )
    .action(async (folder: string, options: LoadOptions) => {
      const manifest = await readManifest(folder)
      const schemas = await readRegistry(process.env['SCHEMA_REGISTRY_URL'])
      const loaded = await withKafka(options, (connection) =>
        interruptible((signal) =>
          loadRun({
            ...{ connection, schemas, folder, manifest, signal, now: Date.now() },
            onTopic(topic, count) {
              if (count > 0) process.stderr.write(`${harmless(topic).padEnd(24)} ${count}\n`)
            },
          }),
        ),
      )
      const { outcome, records } = loaded
      if (options.json === true) {
        const again = Object.fromEntries(loaded.again)
        process.stdout.write(`${JSON.stringify({ run: manifest.run, outcome, records, again })}\n`)
        return
      }
      const run = harmless(manifest.run)
      process.stdout.write(
        outcome === 'already'
          ? `${run} is here already, whole: nothing was changed\n`
          : `${run}: ${records} records loaded\n`,
      )
      for (const [part, count] of loaded.again)
        process.stdout.write(`${count} finished records of ${part} lie too far apart here and go through it again\n`)
    })
}

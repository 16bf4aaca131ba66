// The process behind local/small-model.ts: reads FOLDER/settings.json, loads the weights, serves them, and says in
// FOLDER/serving.json that it does. Ends on SIGTERM. Its log is its standard output, one JSON object a line.
import { join } from 'node:path'
import type { Logger } from '../schemas/logger.ts'
import { createLlamaEngine } from './engine/llama.ts'
import { importLlamaLibrary } from './engine/llama-library.ts'
import { startFront } from './engine/front.ts'
import { readJson, writePrivate } from './folders.ts'
import type { SmallModelServing, SmallModelSettings } from './small-model.ts'

const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: small-model-server.ts FOLDER')
const log = lineLogger({})
const settings = (await readJson(join(folder, 'settings.json'))) as SmallModelSettings | null
if (settings === null) throw new Error(`there is no settings.json in ${folder}`)

const engine = await createLlamaEngine({
  library: await importLlamaLibrary(settings.engineFolder),
  modelPath: settings.modelPath,
  modelName: settings.model,
  threads: settings.threads,
  sequences: settings.sequences,
  contextSize: settings.contextSize,
  log,
})
const front = await startFront({ engine, host: '127.0.0.1', port: settings.port, slots: settings.sequences, log })
const serving: SmallModelServing = {
  pid: process.pid,
  port: front.port,
  url: front.url,
  model: settings.model,
  modelPath: settings.modelPath,
}
await writePrivate(join(folder, 'serving.json'), JSON.stringify(serving))
log.info({ ...serving, threads: settings.threads }, 'small model serves')

let ending = false
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    if (ending) return
    ending = true
    void (async () => {
      await front.close()
      log.info({}, 'small model has ended')
      process.exit(0)
    })()
  })
}

function lineLogger(fixed: Record<string, unknown>): Logger {
  const line = (level: string) => (fields: Record<string, unknown>, message: string) => {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...fixed, ...fields, message })}\n`)
  }
  return {
    debug: () => undefined,
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => lineLogger({ ...fixed, ...fields }),
  }
}

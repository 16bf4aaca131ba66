// Holds cli/reload.ts: what is said of a config file that changes under a running run.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { watchConfig } from '../../cli/reload.ts'
import { en } from '../../cli/messages/en.ts'
import type { LoadedConfig } from '../../configs/load.ts'
import { configSchema } from '../../configs/schema.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { until } from '../support/stream.ts'

it('a file that is replaced by a folder is refused once, however often the folder changes, and again when asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-reload-'))
  const file = join(folder, 'a.yaml')
  await writeFile(file, '')
  const config = configSchema.parse({ name: 'a-run' })
  const loaded: LoadedConfig = { config, file, hash: 'ab', json: JSON.stringify(config) }
  const said: string[] = []
  let reads = 0
  const unwatch = watchConfig({
    ...{ file, loaded, messages: en, log: silentLogger, lookMs: 20 },
    load: () => {
      reads += 1
      return Promise.reject(new UsageFault(`${file} is a folder`))
    },
    apply: () => Promise.resolve(),
    display: {
      say: (line) => void said.push(line),
      step: () => undefined,
      show: () => undefined,
      close: () => undefined,
    },
  })
  try {
    await rm(file)
    await mkdir(file)
    for (let change = 1; change <= 3; change += 1) {
      const before = reads
      await utimes(file, change, change)
      await until(
        () => reads > before,
        () => said.join('\n'),
        30,
      )
    }
    assert.deepEqual(said, [en.configRefused([`${file} is a folder`])])
    process.emit('SIGHUP')
    await until(
      () => said.length === 2,
      () => said.join('\n'),
      30,
    )
  } finally {
    unwatch()
    await rm(folder, { recursive: true })
  }
})

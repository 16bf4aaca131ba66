// The config file of a run is edited while it works: an endpoint that is added gets calls, one that is taken out gets no
// more of them and loses none, and an edit with a fault is said and changes nothing.

import assert from 'node:assert/strict'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Front } from '../../local/engine/front.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { assertOneEndEach, logOf, openWorkshop, runName, simulatedConfig } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const TOTAL = 120

describe('endpoints that change while a run works', () => {
  let workshop: Workshop
  let file: string
  before(async () => {
    workshop = await openWorkshop()
    file = join(workshop.folder, 'changing.yaml')
  })
  after(async () => {
    await workshop.close()
  })

  /** Puts a config with these endpoints for every role in the file's place. */
  async function write(endpoints: string): Promise<void> {
    const text = await readFile(simulatedConfig, 'utf8')
    const changed = text.replaceAll(/endpoints: \[.*\]/g, `endpoints: ${endpoints}`)
    await writeFile(`${file}.next`, changed)
    await rename(`${file}.next`, file)
  }
  const listOf = (...fronts: Front[]): string => `[${fronts.map(({ url }) => `{ url: '${url}' }`).join(', ')}]`
  const calls = (front: Front): number => front.stats().total.calls

  it('go with SIGHUP, and a broken edit changes nothing', async () => {
    const name = runName('endpoints')
    const start = (): Promise<Front> => workshop.serve({ slots: 8, medianMs: 120, sigma: 0.3 })
    const [stays, leaves, comes] = [await start(), await start(), await start()]
    await write(listOf(stays, leaves))
    const command = workshop.magpie(['run', '-c', file, '--run', name, '--total', String(TOTAL), '--out', name])
    const eachGetsCalls = async (...fronts: Front[]): Promise<void> => {
      const counts = fronts.map(calls)
      await until(
        () => fronts.every((front, index) => calls(front) > counts[index]! + 8),
        () => command.said(),
        180,
      )
    }
    await eachGetsCalls(stays, leaves)
    assert.equal(calls(comes), 0)

    await write(listOf(stays, comes))
    command.signal('SIGHUP')
    await command.says(new RegExp(`Model servers from the changed config: ${stays.url}, ${comes.url}\\n`))
    await eachGetsCalls(stays, comes)
    const left = calls(leaves)

    await write("[{ url: 'nowhere' }]")
    command.signal('SIGHUP')
    await command.says(/The changed config was not taken, the run goes on with the old one:[\s\S]*not a URL/)
    await eachGetsCalls(stays, comes)
    assert.equal(calls(leaves), left, 'what was taken out gets no more calls')

    const { code, error } = await command.ended
    assert.equal(code, 0, error)
    const { total } = leaves.stats()
    assert.equal(total.answered, total.calls, 'what was in flight there came to its end')
    const log = await logOf(workshop, name)
    assertOneEndEach(log, TOTAL)
  })
})

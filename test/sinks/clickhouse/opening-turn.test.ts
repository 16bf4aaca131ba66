// Who may open the embedded directory: one at a time, and nobody is kept out by one that has gone.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { inTurn } from '../../../sinks/clickhouse/opening-turn.ts'

describe('a turn at the embedded directory', () => {
  let folder = ''
  let file = ''
  const opened = (at = folder) => inTurn(at, () => Promise.resolve('open'))
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-turn-'))
    file = join(folder, 'opening')
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('ends with the opening, however that ends', async () => {
    assert.equal(await inTurn(folder, () => Promise.resolve(existsSync(file) ? 'open' : 'no turn')), 'open')
    assert.equal(existsSync(file), false)
    await assert.rejects(
      inTurn(folder, () => Promise.reject(new Error('no'))),
      /^Error: no$/,
    )
    assert.equal(existsSync(file), false)
  })

  it('is waited for while its process lives', async () => {
    await writeFile(file, String(process.ppid))
    assert.equal(await opened(), null)
    assert.equal(existsSync(file), true)
    await rm(file)
  })

  it('keeps nobody out: not of a killed process, not half written, not where nothing can be written', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    for (const left of [String(pid), '', 'x']) {
      await writeFile(file, left)
      assert.equal(await opened(), 'open', left)
    }
    assert.equal(await opened(join(folder, 'nowhere')), 'open')
  })
})

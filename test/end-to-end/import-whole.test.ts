// A preset's total and accept are for problems that are made: an import takes the whole file, and less only when the
// command line says so.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Workshop } from '../support/end-to-end.ts'
import { logOf, openWorkshop, runName, simulatedConfig } from '../support/end-to-end.ts'

const LINES = 6

describe('an import with a preset of a few problems', () => {
  let workshop: Workshop
  let port: string
  before(async () => {
    workshop = await openWorkshop()
    port = new URL((await workshop.serve()).url).port
    const preset = await readFile(simulatedConfig, 'utf8')
    const few = preset.replace('\ntotal: 200\n', '\ntotal: 2\naccept: { sft: 1, minimum: 1 }\n')
    assert.notEqual(few, preset)
    await writeFile(join(workshop.folder, 'few.yaml'), few)
    const lines = Array.from({ length: LINES }, (_, index) =>
      JSON.stringify({ problem: `What is the sum of ${index + 17} and ${3 * index + 25}?`, answer: 4 * index + 42 }),
    )
    await writeFile(join(workshop.folder, 'six.jsonl'), `${lines.join('\n')}\n`)
  })
  after(async () => {
    await workshop.close()
  })

  /** Lines of the file that became problems. */
  async function taken(more: readonly string[]): Promise<(number | null)[]> {
    const name = runName('import-whole')
    const words = ['import', 'six.jsonl', '-c', 'few.yaml', '--run', name, '--out', name, ...more]
    const command = workshop.magpie(words, { SIMULATOR_PORT: port })
    assert.equal((await command.ended).code, 0, command.said())
    const { problems } = await logOf(workshop, name)
    return problems.map(({ sourceLine }) => sourceLine)
  }

  it('takes the whole file', async () => {
    assert.deepEqual(await taken([]), [1, 2, 3, 4, 5, 6])
  })

  it('takes less where the command line says so', async () => {
    assert.deepEqual(await taken(['--total', '4']), [1, 2, 3, 4])
    assert.deepEqual(await taken(['--set', 'total=3']), [1, 2, 3])
  })
})

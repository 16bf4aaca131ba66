// Near duplicates by embeddings, as a user runs them: an import whose problems say the same in another order, the
// stand-in as embedding model.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Workshop } from '../support/end-to-end.ts'
import { logOf, openWorkshop, recordsOf, runName, simulatedConfig } from '../support/end-to-end.ts'

const RUN = runName('embeddings')

/** Each says the same as the one before it, but for the last, which has other numbers. */
const PROBLEMS = [
  'A farmer has 12 cows and 7 goats on the hill. How many animals does the farmer keep altogether?',
  'Altogether, how many animals does the farmer keep who has 7 goats and 12 cows on the hill?',
  'Altogether, how many animals does the farmer keep who has 9 goats and 15 cows on the hill?',
]

describe('embeddings in a run', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  it('refuses a paraphrase with the id that it repeats, and counts what the vectors cost', async () => {
    const file = join(workshop.folder, 'problems.jsonl')
    await writeFile(file, PROBLEMS.map((problem) => `${JSON.stringify({ problem })}\n`).join(''))
    const { url } = await workshop.serve()
    const embeddings = `{ enabled: true, model: an-embedder, endpoints: [{ url: '${url}' }] }`
    const settings = [`stages.screen.embeddings=${embeddings}`, 'stages.screen.duplicates.similarity=0.95']
    const command = workshop.magpie(
      ['import', file, '-c', simulatedConfig, '--run', RUN, ...settings.flatMap((each) => ['--set', each])],
      { SIMULATOR_PORT: new URL(url).port },
    )
    assert.equal((await command.ended).code, 0, command.said())

    const { problems, rejections, dead } = await logOf(workshop, RUN)
    assert.deepEqual(dead, [])
    const [first, second, third] = problems.toSorted((left, right) => left.slot - right.slot)
    const screening = rejections.filter(({ stage }) => stage === 'screen')
    assert.deepEqual(
      screening.map(({ problemId, reason, collidedWith }) => [problemId, reason, collidedWith]),
      [[second!.id, 'embedding-duplicate', first!.id]],
    )
    const screened = await recordsOf(workshop, RUN, 'screened', 'Screened')
    assert.deepEqual(new Set(screened.map(({ id }) => id)), new Set([first!.id, third!.id]))
    assert.ok(screened.every((record) => record.screening.embedding?.vector?.length === 256))
    const spending = await recordsOf(workshop, RUN, 'spending', 'Spending')
    assert.ok((spending.at(-1)?.roles['embedder']?.promptTokens ?? 0) > 0)
  })

  it('knows the problems of an earlier process where words are not compared', async () => {
    const run = runName('embeddings-again')
    const { url } = await workshop.serve()
    const embeddings = `{ enabled: true, model: an-embedder, endpoints: [{ url: '${url}' }] }`
    const settings = [`stages.screen.embeddings=${embeddings}`, 'stages.screen.duplicates.enabled=false']
    const file = join(workshop.folder, 'again.jsonl')
    for (const problems of [PROBLEMS.slice(0, 1), PROBLEMS]) {
      await writeFile(file, problems.map((problem) => `${JSON.stringify({ problem })}\n`).join(''))
      const command = workshop.magpie(
        ['import', file, '-c', simulatedConfig, '--run', run, ...settings.flatMap((each) => ['--set', each])],
        { SIMULATOR_PORT: new URL(url).port },
      )
      assert.equal((await command.ended).code, 0, command.said())
    }
    const { problems, rejections } = await logOf(workshop, run)
    const [first, second] = problems.toSorted((left, right) => left.slot - right.slot)
    assert.deepEqual(
      rejections
        .filter(({ stage }) => stage === 'screen')
        .map(({ problemId, reason, collidedWith }) => [problemId, reason, collidedWith]),
      [[second!.id, 'embedding-duplicate', first!.id]],
    )
  })
})

// Problems of a real benchmark through a real small model. Slow on a processor, so only three of them, and only
// where the model has been fetched before.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { cacheFolder } from '../../local/folders.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { idsOf, logOf, openWorkshop, root, runName, sorted } from '../support/end-to-end.ts'

const benchmark = join(root, '..', 'shared', 'data', 'benchmarks', 'amc23.jsonl')
const fetched = existsSync(cacheFolder()) ? readdirSync(cacheFolder()) : []
const hasModel = ['engine-', 'weights-'].every((part) =>
  fetched.some((name) => name.startsWith(part) && !name.includes('.part-')),
)
const skip = !existsSync(benchmark) ? `${benchmark} is not here` : !hasModel ? 'the small model was not fetched' : false

describe('a benchmark through the small model', { skip }, () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.magpie(['services', 'down']).ended
    await workshop.close()
  })

  it('brings each problem to an end, with its reference answer', async () => {
    const name = runName('local-import')
    const config = join(root, 'configs', 'local.yaml')
    const command = workshop.magpie(['import', benchmark, '-c', config, '--run', name, '--total', '3', '--out', 'out'])
    assert.equal((await command.ended).code, 0, command.said())
    const log = await logOf(workshop, name)
    assert.equal(log.problems.length, 3)
    assert.deepEqual(log.dead, [])
    for (const { referenceAnswer } of log.problems) assert.match(referenceAnswer ?? '', /^-?\d/)
    for (const { verification, samples } of log.rewarded) {
      assert.equal(verification.against, 'reference')
      assert.equal(samples.length, 4)
    }
    const refused = new Set(log.rejections.map(({ problemId: id }) => id))
    const accepted = new Set([...log.sft, ...log.preferences].map(({ problemId: id }) => id))
    assert.deepEqual(sorted([...refused, ...accepted]), idsOf(log.problems))
  })
})

// Verification on real answers: the problems of the recording come from a file with their reference answers, the
// samples are those of the recording, and the verdicts are held against what its authors found.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readRecording } from '../../local/engine/recorded.ts'
import type { Workshop } from '../support/end-to-end.ts'
import {
  logOf,
  noRecording,
  openWorkshop,
  query,
  recordingFile,
  runName,
  simulatedConfig,
  sorted,
} from '../support/end-to-end.ts'

const RUN = runName('import-recording')

describe('the recording as an import', { skip: noRecording }, () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  it('judges as the authors do, and never calls a wrong answer equal', async () => {
    const recording = await readRecording(recordingFile)
    const file = join(workshop.folder, 'problems.jsonl')
    await writeFile(file, recording.map(({ problem, answer }) => `${JSON.stringify({ problem, answer })}\n`).join(''))
    const { url } = await workshop.serve({ recording: recordingFile })
    const command = workshop.magpie(['import', file, '-c', simulatedConfig, '--run', RUN, '--out', 'out'], {
      SIMULATOR_PORT: new URL(url).port,
    })
    assert.equal((await command.ended).code, 0, command.said())

    const { problems, rewarded, dead, rejections, sft, preferences } = await logOf(workshop, RUN)
    assert.deepEqual(dead, [])
    assert.equal(problems.length, recording.length)
    assert.equal(rewarded.length, recording.length)
    const ends = [...rejections, ...sft, ...preferences].map(({ problemId }) => problemId)
    assert.deepEqual(sorted(new Set(ends)), sorted(problems.map(({ id }) => id)))

    let agreed = 0
    let judged = 0
    const wrongCalledEqual: string[] = []
    for (const record of rewarded) {
      const recorded = recording[record.problem.slot]!
      assert.equal(record.problem.referenceAnswer, recorded.answer)
      assert.equal(record.verification.against, 'reference')
      for (const sample of record.samples) {
        // One of them is longer than an answer may be here, and is cut.
        const original = recorded.samples.find(({ text }) => text.startsWith(sample.text))
        assert.ok(original, `${sample.id} is not in the recording`)
        const verdict = record.verification.verdicts.find(({ responseId }) => responseId === sample.id)!
        judged += 1
        if ((verdict.verdict === 'equal') === original.correct) agreed += 1
        // The flag that is itself wrong: 10000 is 10{,}000.
        else if (verdict.verdict === 'equal' && !recorded.problem.includes('49{,}994\\div 7'))
          wrongCalledEqual.push(`${recorded.problem} ${verdict.finalAnswer ?? ''} for ${recorded.answer ?? ''}`)
      }
    }
    assert.equal(judged, 400)
    assert.deepEqual(wrongCalledEqual, [])
    assert.ok(agreed >= 394, `${agreed} of 400 agree`)

    const rows = await query<{ verdict: string; answers: string | number }>(
      workshop,
      `SELECT verdict, count() AS answers FROM responses FINAL WHERE run_id = '${RUN}' AND kind = 'sample' GROUP BY verdict`,
    )
    const verdicts = rewarded.flatMap(({ verification }) => verification.verdicts)
    const equal = verdicts.filter(({ responseId, verdict }) => responseId.includes('/sample/') && verdict === 'equal')
    assert.equal(Number(rows.find(({ verdict }) => verdict === 'equal')?.answers), equal.length)
  })
})

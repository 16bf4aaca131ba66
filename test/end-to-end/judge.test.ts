// The judge in a whole run: what symbols could not decide becomes a row with both verdicts, what they could stays
// theirs, and the report counts it.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Workshop } from '../support/end-to-end.ts'
import { dataFiles, openWorkshop, query, recordsOf, runName, simulatedConfig } from '../support/end-to-end.ts'

const RUN = runName('judge')

const words = (answer: string): { text: string; reward: number } => ({
  text: `One looks at them one by one.\n\nThe final answer is $\\boxed{\\text{${answer}}}$.`,
  reward: 1,
})

/** Recorded texts whose answers are the reference's, or not, in other words. */
const RECORDING = [
  {
    problem: 'Which numbers between 1 and 10 are divisible by no smaller number than themselves but 1, leaving out 2?',
    answer: '\\text{the odd primes that are below ten}',
    samples: [words('odd primes below ten'), words('all odd primes below ten')],
  },
  {
    problem: 'Which polygons have three sides that are of the same length, whatever the length of these sides may be?',
    answer: '\\text{all equilateral triangles of the plane}',
    samples: [words('right triangles of space'), words('right triangles of space')],
  },
]

describe('a run with a judge', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  it('recovers answers that symbols left open, and keeps both verdicts', async () => {
    const recording = join(workshop.folder, 'recording.jsonl')
    await writeFile(recording, RECORDING.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const problems = join(workshop.folder, 'problems.jsonl')
    await writeFile(
      problems,
      RECORDING.map(({ problem, answer }) => `${JSON.stringify({ problem, answer })}\n`).join(''),
    )
    const { url } = await workshop.serve({ recording })
    const judge = `roles.judge={endpoints: [{url: "${url}"}], model: a-judge, price: {per: million-tokens, prompt: 1, completion: 2}}`
    const command = workshop.magpie(
      ['import', problems, '-c', simulatedConfig, '--run', RUN, '--out', 'out', '--set', judge]
        .concat(['--set', 'stages.judge={enabled: true, different: 1}', '--set', 'stages.sample.n=2'])
        .concat(['--set', 'stages.reward.rewards=[{kind: agreement}]', '--set', 'stages.curate.reward=agreement']),
      { SIMULATOR_PORT: new URL(url).port },
    )
    assert.equal((await command.ended).code, 0, command.said())

    const rewarded = await recordsOf(workshop, RUN, 'rewarded', 'Rewarded')
    assert.equal(rewarded.length, 2)
    for (const { verification, judging, problem } of rewarded) {
      assert.ok(
        verification.verdicts.every(({ verdict }) => verdict !== 'equal'),
        'symbols know no words',
      )
      const asked = judging!.judgements.map(({ answer }) => answer)
      assert.equal(new Set(asked).size, asked.length, 'one call for each answer')
      const expected = problem.slot === 0 ? 'equal' : 'different'
      assert.ok(judging!.judgements.every(({ verdict }) => verdict === expected))
    }

    const { sft } = await dataFiles(join(workshop.folder, 'out'))
    const rows = sft.flatMap((file) => file.rows) as unknown as Record<string, unknown>[]
    assert.deepEqual(
      rows.map((row) => [row['verdict'], row['verdict_reason'], row['symbolic_verdict'], row['judge_verdict']]),
      [['equal', 'judge', 'unknown', 'equal']],
    )
    assert.deepEqual(
      await query(
        workshop,
        `SELECT verdict, symbolic_verdict, judge_verdict, count() > 1 AS several, countIf(judge_reason = '') AS unexplained
         FROM responses FINAL WHERE run_id = '${RUN}' GROUP BY ALL ORDER BY verdict DESC`,
      ),
      [
        { verdict: 'equal', symbolic_verdict: 'unknown', judge_verdict: 'equal', several: 1, unexplained: 0 },
        ...[
          { verdict: 'different', symbolic_verdict: 'unknown', judge_verdict: 'different', several: 1, unexplained: 0 },
        ],
      ],
    )
    const report = await workshop.magpie(['report', '--run', RUN]).ended
    assert.match(report.out, /judged +2 +100\.0 %/)
    assert.match(report.out, /judge: 6 in \d calls, 6 recovered, 0 equal against symbols/)
    assert.match(report.out, /judge +a-judge .*\$/)
  })
})

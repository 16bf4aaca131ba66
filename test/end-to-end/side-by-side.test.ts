// Three replays of one run at the same time, beside a live run, all in one state folder: each ends whole, the run that
// they read stays as it was, and a model is asked for what is new alone, behind whoever else asks there.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Front } from '../../local/engine/front.ts'
import { createInventor } from '../../local/engine/invented.ts'
import type { Ended, Running, Workshop } from '../support/end-to-end.ts'
import { openWorkshop, query, recordsOf, runName, simulatedConfig, sorted } from '../support/end-to-end.ts'
import { assertUnchanged, everythingOf, type Everything } from '../support/everything-of.ts'

const RUN = runName('finished')
const LIVE = runName('live')
const [STRICT, PAIRS, SECOND] = ['strict', 'pairs', 'second'].map((name) => runName(name)) as [string, string, string]
const PROBLEMS = 12
const OF_MAIN = ['problems', 'screened', 'answered', 'sampled', 'verified', 'rewarded', 'sft', 'preferences'] as const

describe('replays side by side', () => {
  let workshop: Workshop
  const fronts = {} as Record<'models' | 'first' | 'second' | 'refusing', Front>
  let live: Running
  let main: Everything

  const whole = async (running: Running): Promise<Ended> => {
    const ended = await running.ended
    assert.equal(ended.code, 0, running.said())
    return ended
  }
  const replay = (revision: string, ...words: string[]): Running =>
    workshop.magpie(['replay', '--run', RUN, '--revision', revision, ...words])

  /** Writes a config whose rewards are asked of these stand-ins. */
  async function config(name: string, rewards: readonly ('first' | 'second' | 'refusing')[]): Promise<string> {
    const at = ({ url }: Front, more = ''): string => `endpoints: [{ url: '${url}'${more} }]`
    const role = `{ ${at(fronts.models)}, model: m, sampling: { maxTokens: 512 } }`
    const scores = rewards.map((who) => {
      const byPriority = who === 'first' ? '' : ', schedulingPolicy: priority'
      return `{ name: ${who}, kind: token-rm, model: rm, ${at(fronts[who], byPriority)} }`
    })
    const stages = `sample: { n: 2 }, reward: { rewards: [${scores.join(', ')}] }, curate: { reward: first }`
    const text = `name: side\nroles: { answerer: ${role}, sampler: ${role} }\nstages: { ${stages} }\n`
    await writeFile(join(workshop.folder, `${name}.yaml`), text)
    return `${name}.yaml`
  }

  before(async () => {
    workshop = await openWorkshop()
    fronts.models = await workshop.serve()
    fronts.first = await workshop.serve()
    fronts.second = await workshop.serve({ protocol: { schedulingPolicy: 'priority' } })
    fronts.refusing = await workshop.serve({ protocol: { refusesPriority: true } })
    const inventor = createInventor()
    const lines = Array.from({ length: PROBLEMS }, (_, seed) => JSON.stringify({ problem: inventor.problem(seed, '') }))
    await writeFile(join(workshop.folder, 'problems.jsonl'), `${lines.join('\n')}\n`)
    await whole(workshop.magpie(['import', 'problems.jsonl', '-c', await config('main', ['first']), '--run', RUN]))
    main = await everythingOf(workshop, RUN, OF_MAIN)
    // Slow enough to be at work until it is stopped.
    const slow = await workshop.serve({ slots: 4, medianMs: 500 })
    live = workshop.magpie(['run', '-c', simulatedConfig, '--run', LIVE, '--total', '100000', '--out', 'live'], {
      SIMULATOR_PORT: String(slow.port),
    })
    await live.says(/[1-9]\d*\/100,?000 problems/)
  })
  after(async () => {
    await workshop.close()
  })

  it('end whole, each by itself, and leave the run that they read and the one beside them alone', async () => {
    const asked = (): number[] => Object.values(fronts).map((front) => front.stats().total.sequences)
    const before = asked()
    const running = [
      replay(
        STRICT,
        '--from',
        'sampled',
        '-c',
        'main.yaml',
        '--stages',
        'verify,curate,clickhouse',
        '--set',
        'stages.curate.minAgreement=0.9',
      ),
      replay(PAIRS, '--from', 'rewarded', '--stages', 'curate', '--set', 'stages.curate.preference.count=2'),
      replay(SECOND, '--from', 'verified', '-c', await config('second', ['first', 'second']), '--keep-rewards'),
    ]
    const [, , second] = await Promise.all(running.map(whole))
    assert.match(second!.error, /calls come behind those of runs \(priority 10/)
    const scores = (await recordsOf(workshop, RUN, 'rewarded', 'Rewarded')).flatMap(({ rewards }) => rewards)
    const complete = scores.filter(({ error }) => error !== 'incomplete').length
    assert.ok(complete > PROBLEMS)
    assert.deepEqual(
      asked().map((each, at) => each - before[at]!),
      [0, 0, complete + 1, 0],
      'the new reward alone, and once whether it takes a priority',
    )

    assertUnchanged(await everythingOf(workshop, RUN, OF_MAIN), main)
    const problems = (await recordsOf(workshop, RUN, 'sampled', 'Sampled')).map(({ id }) => id)
    const ends = ['sft', 'preferences', 'rejections'].map(
      (table) => `SELECT revision, problem_id AS id FROM ${table} FINAL WHERE run_id = '${RUN}' AND revision != 'main'`,
    )
    const rows = await query<{ revision: string; id: string }>(
      workshop,
      `SELECT DISTINCT revision, id FROM (${ends.join(' UNION ALL ')})`,
    )
    for (const revision of [STRICT, PAIRS, SECOND]) {
      await whole(workshop.magpie(['audit', '--run', RUN, '--revision', revision]))
      const ended = rows.filter((row) => row.revision === revision).map(({ id }) => id)
      assert.deepEqual(sorted(ended), sorted(problems), revision)
    }
    live.signal('SIGINT')
    assert.equal((await live.ended).code, 130, live.said())
    for (const run of [RUN, LIVE]) await whole(workshop.magpie(['audit', '--run', run]))
  })

  it('are refused before anything is written where a server takes no priority', async () => {
    const file = await config('refused', ['refusing'])
    const words = ['--from', 'verified', '-c', file, '--set', 'stages.curate.reward=refusing']
    const { code, error } = await replay(runName('refused'), ...words).ended
    assert.equal(code, 2, error)
    assert.match(error, /reward:refusing: .*Got priority .*schedulingPolicy: priority at this endpoint/)
    assert.equal(fronts.refusing.stats().total.answered, 0)
  })
})

// Replays that ask models only for what has changed, and rewards and labels that are added to a run: the stand-ins, one
// for the roles and one for each reward, count what they are asked.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Audit } from '../../analytics/audit/contract.ts'
import { createInventor } from '../../local/engine/invented.ts'
import type { Front } from '../../local/engine/front.ts'
import type { RewardScore } from '../../schemas/records.ts'
import type { Delivered } from '../../stream/delivered.ts'
import type { Ended, Workshop } from '../support/end-to-end.ts'
import { messagesOf, openWorkshop, query, recordsOf, runName } from '../support/end-to-end.ts'

const RUN = runName('kept')
const PROBLEMS = 12
const SAMPLES = 2

/** Who is asked, each with a stand-in of its own. */
const ASKED = ['models', 'first', 'second', 'third'] as const
type Who = (typeof ASKED)[number]

describe('a replay that keeps what has not changed', () => {
  let workshop: Workshop
  const fronts = {} as Record<Who, Front>

  const counts = (): Record<Who, number> =>
    Object.fromEntries(ASKED.map((who) => [who, fronts[who].stats().total.sequences])) as Record<Who, number>

  interface Settings {
    readonly rewards?: readonly Who[]
    /** Over the first reward's model. */
    readonly rm?: string
    readonly sampler?: string
    readonly tag?: boolean
  }

  /** Writes a config and gives its name. */
  async function config(name: string, { rewards = ['first'], rm = 'rm-1', sampler = '', tag = false }: Settings = {}) {
    const at = (who: Who): string => `endpoints: [{ url: '${fronts[who].url}' }]`
    const role = (more = ''): string => `{ ${at('models')}, model: m, sampling: { maxTokens: 512 }${more} }`
    const scores = rewards.map(
      (who) => `{ name: ${who}, kind: token-rm, model: ${who === 'first' ? rm : who}, ${at(who)} }`,
    )
    const file = `${name}.yaml`
    await writeFile(
      join(workshop.folder, file),
      `name: kept
roles: { answerer: ${role()}, sampler: ${role(sampler)}, tagger: ${role()} }
stages:
  tag: { enabled: ${tag} }
  sample: { n: ${SAMPLES} }
  reward: { rewards: [${scores.join(', ')}] }
  curate: { reward: ${rewards[0]} }
`,
    )
    return file
  }

  const magpie = async (words: readonly string[]): Promise<Ended> => {
    const ended = await workshop.magpie(words).ended
    assert.equal(ended.code, 0, `${ended.out}\n${ended.error}`)
    return ended
  }

  /** What each was asked for by the command. */
  async function asked(words: readonly string[]): Promise<Record<Who, number> & { readonly said: string }> {
    const before = counts()
    const { error } = await magpie(words)
    const now = counts()
    const more = Object.fromEntries(ASKED.map((who) => [who, now[who] - before[who]])) as Record<Who, number>
    return { ...more, said: error }
  }
  const replay = (revision: string, ...more: string[]) =>
    asked(['replay', '--run', RUN, '--revision', revision, ...more])

  /** Everything of main on the log, but for what a run says of its states. */
  async function logOfMain(): Promise<string> {
    const all: Delivered[] = []
    for (const topic of ['problems', 'answered', 'sampled', 'verified', 'rewarded', 'sft', 'preferences'] as const)
      all.push(...(await messagesOf(workshop, RUN, topic)))
    const places = all.map(({ topic, partition, offset, value }) => [
      topic,
      partition,
      offset,
      value.toString('base64'),
    ])
    return hash('sha256', places.map(String).sort().join('\n'))
  }
  const scoresIn = async (revision: string): Promise<RewardScore[]> =>
    (await recordsOf(workshop, RUN, 'rewarded', 'Rewarded', revision)).flatMap(({ rewards }) => rewards)

  /** Responses that came to their end: the others are not scored. */
  let complete = 0

  before(async () => {
    workshop = await openWorkshop()
    for (const who of ASKED) fronts[who] = await workshop.serve()
    const inventor = createInventor()
    const lines = Array.from({ length: PROBLEMS }, (_, seed) => JSON.stringify({ problem: inventor.problem(seed, '') }))
    await writeFile(join(workshop.folder, 'problems.jsonl'), `${lines.join('\n')}\n`)
    await magpie(['import', 'problems.jsonl', '-c', await config('main'), '--run', RUN])
    complete = (await scoresIn('main')).filter(({ error }) => error !== 'incomplete').length
    assert.ok(complete > 2 * PROBLEMS)
    assert.equal(counts().first, complete)
  })
  after(async () => {
    await workshop.close()
  })

  for (const from of ['sampled', 'verified'])
    it(`from ${from} asks for one reward more and for nothing else`, async () => {
      const revision = runName(`more-${from}`)
      const file = await config('more', { rewards: ['first', 'second'] })
      const { said, ...more } = await replay(revision, '--from', from, '-c', file, '--keep-rewards')
      assert.deepEqual(more, { models: 0, first: 0, second: complete, third: 0 })
      assert.match(said, new RegExp(`reward:first ${complete} and 0, reward:second 0 and ${complete}`))
      const scores = (await scoresIn(revision)).filter(({ error }) => error === null)
      for (const { name, keptFrom } of scores) assert.equal(keptFrom, name === 'first' ? 'main' : null)
      const cost = await query(
        workshop,
        `SELECT role, toUInt32(calls) AS calls FROM cost WHERE run_id = '${RUN}' AND revision = '${revision}'`,
      )
      assert.deepEqual(cost, [{ role: 'reward:second', calls: complete }])
    })

  it('asks again by another model, and for all without the option', async () => {
    const other = await replay(
      runName('other'),
      '--from',
      'sampled',
      '-c',
      await config('other', { rm: 'rm-2' }),
      '--keep-rewards',
    )
    assert.deepEqual([other.models, other.first], [0, complete])
    const anew = await replay(runName('anew'), '--from', 'verified', '-c', 'main.yaml')
    assert.deepEqual([anew.models, anew.first], [0, complete])
  })

  it('asks for no text that it has, and for those that change', async () => {
    const keep = ['--from', 'screened', '--keep-answers', '--keep-rewards']
    const same = await replay(runName('same'), ...keep, '-c', 'main.yaml')
    assert.deepEqual([same.models, same.first], [0, 0])
    const problems = (await recordsOf(workshop, RUN, 'screened', 'Screened')).length
    assert.match(same.said, new RegExp(`answerer ${problems} and 0`))
    const revision = runName('warmer')
    const warmer = await config('warmer', { sampler: ', system: Think.' })
    const changed = await replay(revision, ...keep, '-c', warmer)
    assert.equal(changed.models, problems * SAMPLES)
    const main = await recordsOf(workshop, RUN, 'sampled', 'Sampled')
    const records = await recordsOf(workshop, RUN, 'sampled', 'Sampled', revision)
    assert.equal(records.length, problems)
    for (const { answer, samples } of records) {
      assert.equal(answer!.generation.keptFrom, 'main')
      assert.ok(samples.every(({ generation }) => generation.keptFrom === null))
    }
    // The stand-in may say the same to another prompt: then its score stays.
    const texts = new Map(main.flatMap(({ samples }) => samples.map(({ id, text }) => [id, text])))
    const fresh = new Set(
      records.flatMap(({ samples }) => samples.flatMap(({ id, text }) => (texts.get(id) === text ? [] : [id]))),
    )
    const scores = (await scoresIn(revision)).filter(({ error }) => error === null)
    for (const { responseId, keptFrom } of scores) assert.equal(keptFrom, fresh.has(responseId) ? null : 'main')
    assert.equal(changed.first, scores.filter(({ keptFrom }) => keptFrom === null).length)
  })

  it('adds two rewards to the rows of main that are asked for at once, and labels; nothing of main on the log changes', async () => {
    const log = await logOfMain()
    const rows = (): Promise<{ id: string; rewards: Record<string, number> }[]> =>
      query(
        workshop,
        `SELECT id, rewards FROM responses FINAL WHERE run_id = '${RUN}' AND revision = 'main' ORDER BY id`,
      )
    const before = await rows()
    const [second, third, labels] = [runName('second'), runName('third'), runName('tags')]
    const added = [
      ['second', second],
      ['third', third],
    ] as const
    for (const [who] of added) await config(who, { rewards: [who] })
    const words = (who: string, revision: string): string[] => [
      ...['replay', '--run', RUN, '--revision', revision, '--into', 'main', '--stages', 'reward', '-c', `${who}.yaml`],
    ]
    const asked = counts()
    // Given at once, one of them is told to come later, unless it comes when the other has ended.
    const ended = await Promise.all(added.map(([who, revision]) => workshop.magpie(words(who, revision)).ended))
    for (const [index, [who, revision]] of added.entries()) {
      let { code, error } = ended[index]!
      if (code !== 0) {
        assert.equal(code, 2, error)
        assert.match(error, /adds to the same rows of main now: wait until it is finished/)
        ;({ code, error } = await magpie(words(who, revision)))
      }
      assert.match(error, /Taken over and asked for/)
    }
    assert.deepEqual(counts(), { ...asked, second: asked.second + complete, third: asked.third + complete })
    const after = await rows()
    assert.deepEqual(
      after.map(({ id, rewards: { first } }) => [id, first]),
      before.map(({ id, rewards: { first } }) => [id, first]),
    )
    const scored = after.filter(({ rewards }) => 'first' in rewards)
    assert.equal(scored.length, complete)
    for (const { rewards } of scored) assert.deepEqual(Object.keys(rewards).sort(), ['first', 'second', 'third'])

    const tags = await config('tags', { tag: true })
    const labelled = await replay(labels, '--into', 'main', '--stages', 'tag', '-c', tags)
    const [problems] = await query<{ all: number; labelled: number; judged: number }>(
      workshop,
      `SELECT toUInt32(count()) AS all, toUInt32(countIf(difficulty IS NOT NULL)) AS labelled, toUInt32(countIf(pass_rate IS NOT NULL OR winning_share IS NOT NULL)) AS judged
       FROM problems FINAL WHERE run_id = '${RUN}' AND revision = 'main' AND verify_version IS NOT NULL`,
    )
    assert.equal(labelled.models, problems!.all)
    assert.equal(problems!.labelled, problems!.all)
    assert.equal(await logOfMain(), log)
    for (const revision of [second, third, labels]) {
      const { code, out, error } = await workshop.magpie(['audit', '--run', RUN, '--revision', revision, '--json'])
        .ended
      assert.equal(code, 0, out + error)
      const { stores } = JSON.parse(out) as Audit
      const table = `table ${revision === labels ? 'problems' : 'responses'}`
      const { expected, rows: found } = stores.find(({ store }) => store === table)!
      assert.ok(expected > 0)
      assert.equal(found, expected)
    }
    assert.deepEqual(
      await query(
        workshop,
        `SELECT DISTINCT revision FROM responses FINAL WHERE run_id = '${RUN}' AND mapContains(rewards, 'third')`,
      ),
      [{ revision: 'main' }],
    )
  })

  it('says what it cannot add or keep before anything is written', async () => {
    const faults = async (...words: string[]): Promise<string> => {
      const { code, error } = await workshop.magpie(['replay', '--run', RUN, '--revision', runName('no'), ...words])
        .ended
      assert.equal(code, 2, error)
      return error
    }
    assert.match(await faults('--into', 'main', '--stages', 'curate'), /--into: rows gain labels .* nothing of curate/)
    assert.match(await faults('--from', 'rewarded', '--keep-rewards'), /--keep-rewards: no stage of this replay/)
  })
})

// How long each view takes over a run of many responses (8 samples a problem, and an eighth of them once more in another
// revision), embedded and on as many cores as there are. Run: node bench/questions.ts [RESPONSES]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { searchTexts } from '../analytics/search/search.ts'
import { findSimilar } from '../analytics/search/similar.ts'
import { termsOf } from '../analytics/search/words.ts'
import { silentLogger } from '../schemas/logger.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'

const responses = Number(process.argv[2] ?? 1_000_000)
const folder = await mkdtemp(join(tmpdir(), 'magpie-bench-'))
const database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })

const AT = "toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number / 100"
const ID = 'toString(reinterpretAsUUID(sipHash128(intDiv(number, {size}))))'

/** Rows of both revisions; number counts them. */
async function fill(revision: string, count: number): Promise<void> {
  const place = `'run' AS run_id, '${revision}' AS revision, number AS version, ${AT} AS created_at`
  const problem = (size: number): string => ID.replace('{size}', String(size))
  const problems = Math.floor(count / 8)
  await database.command(`INSERT INTO problems (run_id, revision, version, created_at, reached_at, id, stage, slot, text, instruction, source,
      screen_version, tag_version, category, difficulty, tag_model, tag_endpoint, tag_completion_tokens, tag_seconds, tag_attempts, pass_rate,
      template, model, endpoint, completion_tokens, seconds, attempts)
    SELECT ${place}, created_at, ${problem(1)}, 'rewarded', number, repeat(toString(number), 20) AS words, words, 'magpie', 'screen@1', 'tag@1',
      ['algebra', 'geometry', 'counting'][1 + number % 3], ['easy', 'medium', 'hard'][1 + number % 5 % 3], 'judge', 'http://tag', 50, 1.5, 1,
      number % 9 / 8, ['qwen2.5-math', 'llama-3'][1 + number % 2], ['Q', 'L'][1 + number % 2], 'http://ask', 60, 2.5, 1
    FROM numbers(${problems})`)
  await database.command(`INSERT INTO responses (run_id, revision, version, created_at, problem_id, id, kind, index, text, verdict, verdict_reason,
      vote_share, rewards, reward_versions, reward_models, reward_tokens, reward_seconds, reward_attempts, role, model, endpoint, finish_reason,
      prompt_tokens, completion_tokens, seconds, attempts, usd)
    SELECT ${place}, ${problem(8)} AS problem, concat(problem, '/sample/', toString(number % 8)), 'sample', number % 8, repeat(toString(number), 40),
      if(sipHash64(number) % 10 < 6, 'equal', 'different') AS said, 'exact', 0.6,
      map('rm', randCanonical(number) + if(said = 'equal', 0.3, 0)), map('rm', 'rm@1'), map('rm', 'R'), map('rm', 900), map('rm', 0.2), map('rm', 1),
      'sampler', 'Q', concat('http://gpu-', toString(number % 16)), if(number % 50 = 0, 'length', 'stop'), 80, 200 + sipHash64(number, 1) % 3000,
      3 + number % 7, 1 + (number % 40 = 0), 0.001
    FROM numbers(${problems * 8})`)
  const ended = `SELECT ${place}, ${problem(1)} AS problem_id, concat(problem_id, '/end') AS id`
  const some = (share: string): string => `FROM numbers(${problems}) WHERE number % 10 ${share}`
  await database.command(
    `INSERT INTO sft (run_id, revision, version, created_at, problem_id, id) ${ended} ${some('< 5')}`,
  )
  await database.command(
    `INSERT INTO preferences (run_id, revision, version, created_at, problem_id, id) ${ended} ${some('< 4')}`,
  )
  await database.command(
    `INSERT INTO rejections (run_id, revision, version, created_at, problem_id, id, stage, reason) ${ended}, 'curate', 'all-wrong' ${some('> 5')}`,
  )
}

try {
  await fill('main', responses)
  await fill('strict', Math.floor(responses / 8))
  const views = await database.rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name",
  )
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now()
    await work()
    const seconds = Number(((performance.now() - start) / 1000).toFixed(2))
    process.stdout.write(`${JSON.stringify({ what, seconds })}\n`)
  }
  for (const { name } of views) {
    await timed(name, () => database.query(`SELECT * FROM ${name} WHERE run_id = 'run'`, { format: 'Null' }))
  }
  const wanted = { revision: 'main', limit: 10 }
  for (const where of ['problems', 'answers'] as const) {
    await timed(`search in ${where}`, () => searchTexts(database, { ...wanted, where, terms: termsOf('77 888 9') }))
  }
  await timed('similar by letters', () => findSimilar(database, { ...wanted, text: '123412341234' }))
} finally {
  await database.close()
  await rm(folder, { recursive: true, force: true })
}

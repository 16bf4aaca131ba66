// A budget ends a run cleanly: exit code 0, state `stopped`, every problem that was begun at its end, the files
// written; it is the run's over all its starts, and the same command with a larger one goes on.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Workshop } from '../support/end-to-end.ts'
import {
  dataFiles,
  idsOf,
  logOf,
  openWorkshop,
  query,
  runName,
  simulatedConfig,
  sorted,
} from '../support/end-to-end.ts'

describe('a budget', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
    const preset = await readFile(simulatedConfig, 'utf8')
    const price = 'price: { per: million-tokens, prompt: 1, completion: 4 }'
    const priced = preset.replaceAll(/^( +)(model: Qwen.*)$/gm, `$1$2\n$1${price}`)
    await writeFile(join(workshop.folder, 'priced.yaml'), priced)
  })
  after(async () => {
    await workshop.close()
  })

  const run = (name: string, url: string, config: string, more: readonly string[]) =>
    workshop.magpie(['run', '-c', config, '--run', name, '--total', '4000', '--out', name, ...more], {
      SIMULATOR_PORT: new URL(url).port,
    })
  const stateOf = async (name: string) =>
    (
      await query<{ state: string; ended_by: string | null }>(
        workshop,
        `SELECT state, ended_by FROM runs FINAL WHERE run_id = '${name}'`,
      )
    )[0]
  /** What the last words say was spent. */
  const spentOf = (said: string): number =>
    Number(/has spent its budget \(([\d,]+) tokens of/.exec(said)?.[1]?.replaceAll(',', ''))

  it('of tokens starts no problem that it could not pay, and counts over all starts', async () => {
    const name = runName('budget-tokens')
    const front = await workshop.serve({ slots: 64, medianMs: 20 })
    const first = run(name, front.url, simulatedConfig, ['--budget-tokens', '200000'])
    const ended = await first.ended
    assert.equal(ended.code, 0, first.said())
    assert.match(ended.error, /carries no further problem/)
    assert.match(ended.error, /The same command with a larger --budget-tokens goes on/)
    const spent = spentOf(ended.error)
    assert.ok(spent <= 200_000, `${spent} tokens`)
    assert.ok(spent >= 100_000, `only ${spent} tokens of the budget were used`)
    assert.deepEqual(await stateOf(name), { state: 'stopped', ended_by: 'tokens' })
    const log = await logOf(workshop, name)
    const ends = new Set([...log.rejections, ...log.sft, ...log.preferences].map(({ problemId }) => problemId))
    assert.deepEqual(sorted(ends), idsOf(log.problems), 'what was begun is finished')
    const files = await dataFiles(join(workshop.folder, name))
    assert.equal(files.sft[0]?.rows.length, log.sft.length)

    const second = run(name, front.url, simulatedConfig, ['--budget-tokens', '300000'])
    assert.equal((await second.ended).code, 0, second.said())
    const both = spentOf(second.said())
    assert.ok(both > spent && both <= 300_000, `${both} tokens after ${spent}`)
    const more = await logOf(workshop, name)
    assert.ok(more.problems.length > log.problems.length)
    // Scores may repeat: two samples can say the same.
    for (const route of ['/v1/completions', '/v1/chat/completions'])
      assert.equal(front.stats().routes[route]?.askedAgain, 0, `${route}: nothing was paid twice`)
  })

  it('that is used up already ends the run at once', async () => {
    const name = runName('budget-used')
    const front = await workshop.serve({ slots: 64, medianMs: 500 })
    const words = ['--budget-tokens', '3000', '--set', 'producer.slotsAtOnce=32']
    const first = run(name, front.url, simulatedConfig, words)
    assert.equal((await first.ended).code, 0, first.said())
    assert.ok(spentOf(first.said()) >= 3000, first.said())
    const calls = front.stats().total.calls
    const second = run(name, front.url, simulatedConfig, words)
    assert.equal((await second.ended).code, 0, second.said())
    assert.match(second.said(), /goes on where it stopped/)
    assert.equal(front.stats().total.calls, calls, 'no call is made any more')
    assert.deepEqual(await stateOf(name), { state: 'stopped', ended_by: 'tokens' })
  })

  it('of money needs the prices, and the report says what rows cost', async () => {
    const name = runName('budget-usd')
    const front = await workshop.serve({ slots: 64, medianMs: 20 })
    const unpriced = run(name, front.url, simulatedConfig, ['--budget-usd', '0.5'])
    assert.equal((await unpriced.ended).code, 2, unpriced.said())
    assert.match(
      unpriced.said(),
      /budget\.usd needs a price, and roles\.questioner, roles\.answerer, roles\.sampler, the reward rm have none/,
    )
    const priced = run(name, front.url, 'priced.yaml', ['--budget-usd', '0.5'])
    assert.equal((await priced.ended).code, 0, priced.said())
    assert.match(priced.said(), /has spent its budget \(\$0\.\d+ of \$0\.50\)/)
    const report = await workshop.magpie(['report', '--run', name, '--json']).ended
    const { money, rows } = JSON.parse(report.out) as {
      money: { total: number; perSftRow: number; unpriced: string[] }
      rows: { sft: number }
    }
    assert.ok(money.total > 0.2 && money.total <= 0.5, report.out)
    assert.equal(money.perSftRow, money.total / rows.sft)
    assert.deepEqual(money.unpriced, [])
  })
})

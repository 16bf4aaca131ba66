// Multi-turn end to end: a run of the preset against the stand-in gives SFT rows of three turns, in the file, on the log
// and in the tables, and what they cost is told apart.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Workshop } from '../support/end-to-end.ts'
import { dataFiles, openWorkshop, query, runName, simulatedConfig } from '../support/end-to-end.ts'

interface SftRow {
  readonly problem_id: string
  readonly turns: number
  readonly instruction: string
  readonly conversations: readonly { readonly from: string; readonly value: string }[]
  readonly conversation_ended: string | null
  readonly further_completion_tokens: number
}

describe('a run with further turns', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  it('gives conversations of three turns, and says why others are shorter', async () => {
    const name = runName('converse')
    const front = await workshop.serve({ slots: 64, medianMs: 10 })
    const settings = ['enabled=true', 'turns=3', 'votes=3'].flatMap((each) => ['--set', `stages.converse.${each}`])
    const words = ['run', '-c', simulatedConfig, '--run', name, '--total', '40', '--out', name, ...settings]
    const run = workshop.magpie(words, { SIMULATOR_PORT: new URL(front.url).port })
    assert.equal((await run.ended).code, 0, run.said())

    const files = await dataFiles(join(workshop.folder, name))
    const rows = (files.sft[0]?.rows ?? []) as unknown as SftRow[]
    assert.ok(rows.length > 10, `only ${rows.length} rows`)
    const three = rows.filter(({ turns }) => turns === 3)
    assert.ok(three.length > 5, `only ${three.length} rows of three turns`)
    for (const row of rows) {
      assert.equal(row.conversations.length, 2 * row.turns)
      assert.equal(row.conversation_ended === null, row.turns === 3, String(row.conversation_ended))
      const [first] = row.conversations
      assert.equal(first?.value, row.instruction)
      row.conversations.forEach(({ from, value }, index) => {
        assert.equal(from, index % 2 === 0 ? 'human' : 'gpt')
        assert.notEqual(value.trim(), '')
      })
      const questions = row.conversations.filter(({ from }) => from === 'human').map(({ value }) => value)
      assert.equal(new Set(questions).size, questions.length, 'a question was repeated')
    }

    const select = (sql: string) => query<Record<string, number | string>>(workshop, sql)
    const [kept] = await select(
      `SELECT countIf(kept) AS turns, uniqExactIf(problem_id, kept) AS problems FROM follow_ups FINAL WHERE run_id = '${name}'`,
    )
    assert.equal(
      Number(kept?.['turns']),
      rows.reduce((sum, { turns }) => sum + turns - 1, 0),
      'every kept turn is in a row of the data',
    )
    const [turns] = await select(`SELECT count() AS turns FROM sft_turns WHERE run_id = '${name}'`)
    assert.equal(
      Number(turns?.['turns']),
      rows.reduce((sum, row) => sum + row.turns, 0),
    )
    const cost = await select(
      `SELECT role, sum(completion_tokens) AS tokens FROM cost WHERE run_id = '${name}' AND role LIKE '%:turns' GROUP BY role ORDER BY role`,
    )
    assert.deepEqual(
      cost.map(({ role }) => role),
      ['answerer:turns', 'questioner:turns'],
    )
    const inRows = rows.reduce((sum, row) => sum + row.further_completion_tokens, 0)
    assert.equal(
      cost.reduce((sum, { tokens }) => sum + Number(tokens), 0),
      inRows,
      'the rows say what their turns have cost',
    )
    const unpaid = await select(
      `SELECT count() AS problems FROM follow_ups FINAL WHERE run_id = '${name}' AND problem_id NOT IN (SELECT problem_id FROM sft WHERE run_id = '${name}')`,
    )
    assert.equal(Number(unpaid[0]?.['problems']), 0, 'turns were made for a problem without an SFT row')
  })
})

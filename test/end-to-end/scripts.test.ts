// The scripts as a user runs them: each once against the stand-in, from the shell entry to the data set.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Front } from '../../local/engine/front.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { dataFiles, idsOf, logOf, openWorkshop, root, runName, sorted } from '../support/end-to-end.ts'

const TOTAL = 12

/** think: the model answers with a thought first. language: of the progress messages. */
const SCRIPTS = [
  { script: 'magpie-deepseek-r1.sh', model: 'deepseek-ai/DeepSeek-R1', think: true, language: 'ja' },
  { script: 'magpie-qwen2.5-math-72b.sh', model: 'Qwen/Qwen2.5-Math-72B-Instruct', think: false, language: 'en' },
  { script: 'magpie-qwen2-math-7b.sh', model: 'Qwen/Qwen2-Math-7B-Instruct', think: false, language: 'en' },
  { script: 'magpie_math.sh', model: 'Qwen/Qwen2.5-Math-7B-Instruct', think: false, language: 'en' },
] as const

describe('the scripts', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  async function generated(front: Front, [script, ...argv]: [string, ...string[]], name: string) {
    const command = workshop.start('sh', [join(root, 'scripts', script), ...argv, '--', '--out', name], {
      ENDPOINTS: front.url,
      RUN: name,
    })
    assert.equal((await command.ended).code, 0, command.said())
    const log = await logOf(workshop, name)
    const files = await dataFiles(join(workshop.folder, name))
    assert.deepEqual(sorted(files.sft.flatMap(({ rows }) => rows.map(({ id }) => id))), idsOf(log.sft))
    assert.ok(log.sft.length > 0, command.said())
    return { said: command.said(), log, files }
  }

  for (const { script, model, think, language } of SCRIPTS) {
    it(`${script} ends with a data set`, async () => {
      const front = await workshop.serve({ think })
      const argv: [string, ...string[]] = [script, model, String(TOTAL), '1.0', '1.2', '1.0', '0.1']
      const { said, log, files } = await generated(front, argv, runName(script.replace('.sh', '')))
      assert.equal(log.problems.length, TOTAL)
      for (const { generation } of log.problems) {
        assert.equal(generation?.model, model)
        assert.equal(generation.temperature, 1.2)
      }
      for (const { answer } of log.rewarded) assert.equal(answer?.generation.temperature, 0.1)
      assert.match(
        files.sft[0]!.path,
        new RegExp(`Magpie_${model.replace(/.*\//, '')}_${log.sft.length}_\\w+_sft\\.json$`),
      )
      for (const row of log.sft) {
        if (think) assert.ok((row.reasoning ?? '').length > 0)
        else assert.equal(row.reasoning, null)
        assert.doesNotMatch(row.response, /<\/?think>/)
      }
      // Kana and Chinese characters: what is said in Japanese.
      if (language === 'ja') assert.match(said, /[぀-ヿ].*[一-鿿]/s)
      else assert.match(said, /is done in/)
    })
  }
})

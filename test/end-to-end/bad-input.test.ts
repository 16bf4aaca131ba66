// Wrong use and wrong input: exit code 2, a message that names file, line and field and says what to do, all faults
// at once, and nothing left behind. What is wrong with single lines of a file is told and the rest goes on.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Workshop } from '../support/end-to-end.ts'
import { logOf, openWorkshop, query, runName, simulatedConfig } from '../support/end-to-end.ts'

/** Every role on one endpoint that is not there: nothing here may ever get as far as calling it. */
const CONFIG = `name: bad-input
roles:
  questioner:
    endpoints: [{ url: 'http://127.0.0.1:9' }]
    model: Qwen/Qwen2.5-Math-7B-Instruct
  answerer:
    endpoints: [{ url: 'http://127.0.0.1:9' }]
    model: Qwen/Qwen2.5-Math-7B-Instruct
  sampler:
    endpoints: [{ url: 'http://127.0.0.1:9' }]
    model: Qwen/Qwen2.5-Math-7B-Instruct
`

describe('bad input', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  /** Writes the file, runs the words, and expects exit code 2, these messages, and nothing new in the folder. */
  async function refused(argv: readonly string[], messages: readonly RegExp[], files: Record<string, string> = {}) {
    for (const [name, text] of Object.entries(files)) await writeFile(join(workshop.folder, name), text)
    const before = await readdir(workshop.folder)
    const { code, error } = await workshop.magpie(argv).ended
    assert.equal(code, 2, error)
    for (const message of messages) assert.match(error, message)
    assert.doesNotMatch(error, /unexpected|at file:/, 'no stack trace')
    assert.deepEqual(await readdir(workshop.folder), before, 'nothing is left behind')
    return error
  }

  it('tells every fault of a config at once, each with its line', async () => {
    const wrong = CONFIG.replace('name: bad-input', 'name: bad-input\ntotal: many\nnmae: x').replace(
      "  answerer:\n    endpoints: [{ url: 'http://127.0.0.1:9' }]",
      '  answerer:\n    endpoints: []',
    )
    const error = await refused(
      ['run', '-c', 'wrong.yaml'],
      [
        /wrong\.yaml:2:\d+ total /,
        /wrong\.yaml:3:\d+ nmae .*name/,
        /wrong\.yaml:9:\d+ roles\.answerer\.endpoints .*endpoint/,
      ],
      { 'wrong.yaml': wrong },
    )
    assert.equal(error.trimEnd().split('\n').length, 3, error)
  })

  it('names a missing role and an unknown template', async () => {
    const start = CONFIG.indexOf('  sampler:')
    await refused(
      ['run', '-c', 'roles.yaml'],
      [
        /roles\.yaml:\d+:\d+ roles\.sampler is missing/,
        /roles\.yaml:6:\d+ roles\.questioner\.template "qwen9".*qwen2\.5/,
      ],
      {
        'roles.yaml': CONFIG.slice(0, start).replace(
          '    model: Qwen/Qwen2.5-Math-7B-Instruct\n',
          '    model: Qwen/Qwen2.5-Math-7B-Instruct\n    template: qwen9\n',
        ),
      },
    )
  })

  it('refuses a config that is not there, broken YAML, a secret in the file', async () => {
    await refused(['run', '-c', 'nowhere.yaml'], [/nowhere\.yaml.*there is no such file/])
    await refused(['run', '-c', 'torn.yaml'], [/torn\.yaml:\d+:\d+ is not valid YAML/], { 'torn.yaml': 'roles: {\n' })
    const error = await refused(['run', '-c', 'secret.yaml'], [/secret\.yaml:\d+:\d+ .*keyEnv/], {
      'secret.yaml': CONFIG.replace("9' }]", "9', apiKey: sk-0123456789abcdef0123 }]"),
    })
    assert.doesNotMatch(error, /sk-0123456789/)
  })

  it('refuses unknown parts, options, --set names and commands', async () => {
    const given = ['run', '-c', simulatedConfig]
    await refused([...given, '--stages', 'answer,smaple'], [/--stages: there is no "smaple"; there are .*sample/])
    await refused([...given, '--set', 'stages.sample.m=3'], [/--set stages\.sample\.m=3: stages\.sample\.m /])
    await refused([...given, '--total', 'none'], [/--total/])
    await refused([...given, '--lang', 'fr'], [/--lang.*en, ja/])
    await refused(['run'], [/--config/])
    await refused(['rnu'], [/unknown command.*rnu/, /run/])
  })

  it('refuses a file of problems that is none, before anything is started', async () => {
    const given = ['-c', simulatedConfig]
    await refused(['import', 'absent.jsonl', ...given], [/absent\.jsonl cannot be read: there is no such file/])
    await refused(['import', 'fields.jsonl', ...given], [/fields\.jsonl:1: .*"problem" or "question".*text, id/], {
      'fields.jsonl': '{"text": "What is 1 + 1?", "id": 7}\n',
    })
    await refused(['import', 'empty.jsonl', ...given], [/empty\.jsonl:1: the file holds no line/], {
      'empty.jsonl': '',
    })
    await refused(['import', '.', ...given], [/is a folder; name a JSONL file/])
    // There for everybody, and readable for nobody.
    if (process.platform === 'linux')
      await refused(['import', '/proc/self/mem', ...given], [/\/proc\/self\/mem cannot be read: /])
  })

  it(
    'refuses a file that may not be read',
    { skip: process.getuid?.() === 0 ? 'root may read every file' : false },
    async () => {
      const file = join(workshop.folder, 'locked.jsonl')
      await writeFile(file, '{"problem": "What is 1 + 1?"}\n')
      await chmod(file, 0)
      await refused(
        ['import', 'locked.jsonl', '-c', simulatedConfig],
        [/locked\.jsonl cannot be read: permission denied/],
      )
    },
  )

  it('refuses a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    try {
      const { port } = taken.address() as AddressInfo
      await refused(['simulate', '--port', String(port)], [new RegExp(`${port}.*--port`, 's')])
    } finally {
      taken.close()
    }
  })

  it('refuses a recording with broken lines, naming each', async () => {
    await refused(
      ['simulate', '--port', '0', '--recording', 'recording.jsonl'],
      [/recording\.jsonl:1: samples.*/, /recording\.jsonl:2: not JSON/],
      { 'recording.jsonl': '{"problem": "x"}\n{"problem": \n' },
    )
  })

  it('refuses a key or a model that the server does not take', async () => {
    const { url } = await workshop.serve()
    await writeFile(join(workshop.folder, 'server.yaml'), CONFIG.replaceAll('http://127.0.0.1:9', url))
    const strict = workshop.magpie(['simulate', '--port', '0', '--model', 'other/model'])
    const strictUrl = (await strict.says(/http:\/\/[\d.:]+/))[0]
    const command = workshop.magpie(['run', '-c', 'server.yaml', '--run', runName('model'), '--endpoint', strictUrl])
    const { code, error } = await command.ended
    assert.equal(code, 2, error)
    assert.match(error, /questioner: .*other\/model.*Qwen\/Qwen2\.5-Math-7B-Instruct/)
    assert.match(error, /sampler: /)
  })

  it('goes on behind a broken line, which ends as a rejection with its number', async () => {
    const { url } = await workshop.serve()
    const name = runName('broken-lines')
    const lines = [
      '{"problem": "What is the sum of 17 and 25?", "answer": 42}',
      '{"problem": "What is',
      '{"question": "How many positive divisors does 36 have?", "answer": "9"}',
      '{"problem": 5}',
      '',
      '{"problem": "Compute the product of 12 and 12.", "answer": "144"}',
    ]
    await writeFile(join(workshop.folder, 'lines.jsonl'), lines.join('\n'))
    const words = ['import', 'lines.jsonl', '-c', simulatedConfig, '--run', name, '--out', 'out']
    for (const start of ['first', 'again']) {
      const command = workshop.magpie(words, { SIMULATOR_PORT: new URL(url).port })
      assert.equal((await command.ended).code, 0, command.said())
      assert.match(command.said(), /All 3 problems made/, start)
      assert.ok(command.said().includes(`2 lines of the file refused; to see why: ./magpie sql "`), start)
    }
    const { problems, rejections } = await logOf(workshop, name)
    assert.deepEqual(
      problems.map(({ sourceLine }) => sourceLine),
      [1, 3, 6],
    )
    const broken = rejections.filter(({ reason }) => reason === 'broken-line').map(({ detail }) => detail ?? '')
    broken.sort()
    assert.equal(broken.length, 2)
    assert.match(broken[0]!, /^line 2: not JSON/)
    assert.match(broken[1]!, /^line 4: field "problem" is a number/)
    const rows = await query<{ stage: string }>(
      workshop,
      `SELECT stage FROM rejections FINAL WHERE run_id = '${name}' AND reason = 'broken-line'`,
    )
    assert.deepEqual(rows, [{ stage: 'jsonl' }, { stage: 'jsonl' }])
  })
})

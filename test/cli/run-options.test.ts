// Holds cli/run-options.ts: the options of run and import, and what wrong ones are told.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Command } from 'commander'
import { addRunOptions } from '../../cli/run-options.ts'
import { magpie } from './magpie-process.ts'

const folder = await mkdtemp(join(tmpdir(), 'magpie-options-'))
after(() => rm(folder, { recursive: true }))

const read = (...words: string[]) => addRunOptions(new Command()).parse(words, { from: 'user' }).opts()

describe('options of a run', () => {
  it('are all optional but the config, and leave the config its say', () => {
    assert.deepEqual(read(), { state: '.magpie' })
  })

  it('are read as what they are', () => {
    const words =
      '--run r --total 20 --accept 3 --of preference --stages screen,verify --model m --state s --out o --lang ja'
    const lists = ['--endpoint', 'http://a:1', '--endpoint', 'http://b:2', '--set', 'a.b=1', '--set', 'c=2']
    assert.deepEqual(read(...words.split(' '), ...lists), {
      ...{
        run: 'r',
        total: 20,
        accept: 3,
        of: 'preference',
        stages: 'screen,verify',
        model: 'm',
        state: 's',
        out: 'o',
        lang: 'ja',
      },
      endpoint: ['http://a:1', 'http://b:2'],
      set: ['a.b=1', 'c=2'],
    })
  })
})

/** A run that is refused: exit code 2, nothing on standard output, nothing started. */
async function refused(...words: string[]): Promise<string> {
  const state = join(folder, 'state')
  const { code, stdout, stderr } = await magpie([...words, '--state', state], { KAFKA_BROKERS: '127.0.0.1:1' })
  assert.equal(code, 2, stderr)
  assert.equal(stdout, '')
  assert.doesNotMatch(stderr, /\n\s+at /)
  assert.ok(!(await readdir(folder)).includes('state'), 'a state folder was made')
  return stderr
}

const CONFIG = join(import.meta.dirname, '../../configs/simulated.yaml')

describe('wrong use of run', () => {
  it('a misspelt option is told what was meant', async () => {
    assert.match(await refused('run', '-c', CONFIG, '--totl', '5'), /unknown option '--totl'[^]*Did you mean --total\?/)
  })

  it('a value that is none is told what is wanted', async () => {
    assert.match(await refused('run', '-c', CONFIG, '--total', 'many'), /--total <n>.*whole number of at least 1/)
    assert.match(await refused('run', '-c', CONFIG, '--lang', 'fr'), /Allowed choices are en, ja/)
    assert.match(await refused('run', '-c', CONFIG, '--of', 'sft'), /--of sft .*give --accept N too/)
  })

  it('a run without a config is asked for one', async () => {
    assert.match(await refused('run'), /required option '-c, --config <file>'/)
    assert.match(await refused('run', '-c', join(folder, 'none.yaml')), /none\.yaml/)
  })

  it('unknown parts of --stages are all named, with those that there are', async () => {
    const said = await refused('run', '-c', CONFIG, '--stages', 'screen,verfy,cook')
    assert.match(said, /"verfy"[^]*"cook"/)
    assert.match(
      said,
      /screen, tag, answer, sample, verify, judge, reward, converse, curate, produce, clickhouse, json/,
    )
  })

  it('every fault of the config and of --set is told at once', async () => {
    const file = join(folder, 'bad.yaml')
    await writeFile(file, 'totl: 5\nstages: { sample: { n: none } }\n')
    const said = await refused('run', '-c', file, '--set', 'producer.choices=0')
    for (const place of [/totl/, /stages\.sample\.n/, /producer\.choices/]) assert.match(said, place)
  })

  it('an import of a file that is not there, or has no problem, is refused', async () => {
    assert.match(await refused('import', join(folder, 'none.jsonl'), '-c', CONFIG), /none\.jsonl/)
    const file = join(folder, 'questions.jsonl')
    await writeFile(file, '{"text": "What is 1 + 1?"}\n')
    assert.match(await refused('import', file, '-c', CONFIG), /questions\.jsonl[^]*problem/)
  })
})

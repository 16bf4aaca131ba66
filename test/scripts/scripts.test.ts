// Holds the scripts: each turns its arguments into one exact `magpie run`, refuses what is out of bounds, and
// that command line loads as a config. The runs against the simulator are in test/cli.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadConfig } from '../../configs/load.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'magpie-scripts-'))
after(() => {
  rmSync(folder, { recursive: true })
})

/** Stands for ./magpie: prints its arguments, each ended by a zero byte. */
const fake = join(folder, 'fake magpie')
writeFileSync(fake, '#!/bin/sh\nprintf "%s\\0" "$@"\n')
chmodSync(fake, 0o755)

const SCRIPTS = {
  'magpie-deepseek-r1.sh': ['deepseek-r1', 'deepseek-ai/DeepSeek-R1', 'DeepSeek-R1', 'ja', '1.0', '1.2', '1.0', '0.1'],
  'magpie-qwen2.5-math-72b.sh': [
    ...['one-model', 'Qwen/Qwen2.5-Math-72B-Instruct', 'Qwen2.5-Math-72B-Instruct', 'en'],
    ...['1.0', '1.0', '1.0', '0.0'],
  ],
  'magpie-qwen2-math-7b.sh': [
    'one-model',
    'Qwen/Qwen2-Math-7B-Instruct',
    'Qwen2-Math-7B-Instruct',
    'en',
    '1.0',
    '1.0',
    '1.0',
    '0.0',
  ],
  'magpie_math.sh': [
    'one-model',
    'Qwen/Qwen2.5-Math-7B-Instruct',
    'Qwen2.5-Math-7B-Instruct',
    'en',
    '1.0',
    '1.0',
    '1.0',
    '0.0',
  ],
} as const
const names = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[]

function run(script: string, argv: readonly string[], environment: Record<string, string> = {}) {
  const { PATH = '' } = process.env
  const result = spawnSync('sh', [join(root, 'scripts', script), ...argv], {
    env: { PATH, MAGPIE: fake, ...environment },
    cwd: folder,
    encoding: 'utf8',
  })
  return { code: result.status, argv: result.stdout.split('\0').slice(0, -1), out: result.stdout, error: result.stderr }
}

const AGREEMENT = [
  '--set',
  'stages.reward.rewards=[{name: agreement, kind: agreement}]',
  '--set',
  'stages.curate.reward=agreement',
]

interface Expected {
  preset: string
  name: string
  total: string
  language: string
  model: string
  numbers: readonly string[]
  rest: readonly string[]
}

function commandLine({ preset, name, total, language, model, numbers, rest }: Expected): string[] {
  const [insTopP, insTemperature, resTopP, resTemperature] = numbers
  return [
    ...[
      'run',
      '-c',
      join(root, 'configs', `${preset}.yaml`),
      '--run',
      name,
      '--total',
      total,
      '--lang',
      language,
      '--model',
      model,
    ],
    ...[
      '--set',
      `roles.questioner.sampling.topP=${insTopP!}`,
      '--set',
      `roles.questioner.sampling.temperature=${insTemperature!}`,
    ],
    ...[
      '--set',
      `roles.answerer.sampling.topP=${resTopP!}`,
      '--set',
      `roles.answerer.sampling.temperature=${resTemperature!}`,
    ],
    ...rest,
  ]
}

/** Loads what the command line says, as cli/run.ts does. */
async function configOf(argv: readonly string[]) {
  const all = (option: string): string[] => argv.flatMap((word, index) => (argv[index - 1] === option ? [word] : []))
  const { config } = await loadConfig({
    file: all('-c').at(-1)!,
    set: all('--set'),
    overrides: {
      endpoint: all('--endpoint'),
      model: all('--model').at(-1),
      name: all('--run').at(-1),
      total: Number(all('--total').at(-1)),
      language: all('--lang').at(-1),
    },
    environment: {},
  })
  return config
}

for (const script of names) {
  const [preset, model, name, language, ...numbers] = SCRIPTS[script]
  const standard = { preset, model, name, language, numbers, total: '1000' }

  describe(script, () => {
    it('runs with its defaults', async () => {
      const { code, argv } = run(script, [])
      assert.equal(code, 0)
      assert.deepEqual(argv, commandLine({ ...standard, rest: [...AGREEMENT, '--endpoint', 'http://127.0.0.1:8000'] }))
      const { roles, total } = await configOf(argv)
      assert.deepEqual(
        [roles.questioner?.model, roles.answerer?.model, roles.sampler?.model, total],
        [model, model, model, 1000],
      )
    })

    it('takes its six arguments, endpoints, and what is behind --', async () => {
      const { code, argv } = run(
        script,
        [
          'Qwen/Qwen2.5-7B-Instruct',
          '12',
          '.9',
          '1.1',
          '0.95',
          '2',
          '--',
          '--out',
          'a b',
          '--set',
          'stages.sample.n=2',
        ],
        { ENDPOINTS: 'http://a:8000  http://b:8000/v1' },
      )
      assert.equal(code, 0)
      const rest = [
        ...AGREEMENT,
        '--out',
        'a b',
        '--set',
        'stages.sample.n=2',
        '--endpoint',
        'http://a:8000',
        '--endpoint',
        'http://b:8000/v1',
      ]
      const expected = { ...standard, model: 'Qwen/Qwen2.5-7B-Instruct', name: 'Qwen2.5-7B-Instruct', total: '12' }
      assert.deepEqual(argv, commandLine({ ...expected, numbers: ['.9', '1.1', '0.95', '2'], rest }))
      const { roles, stages } = await configOf(argv)
      const { questioner, answerer } = roles
      assert.deepEqual(
        questioner?.endpoints.map(({ url }) => url),
        ['http://a:8000', 'http://b:8000/v1'],
      )
      assert.deepEqual([questioner.template, stages.sample.n], ['qwen2.5', 2])
      assert.deepEqual([questioner.sampling.topP, questioner.sampling.temperature], [0.9, 1.1])
      assert.deepEqual([answerer?.sampling.topP, answerer?.sampling.temperature], [0.95, 2])
    })

    it('ranks by a reward model where one is given, and is called as RUN says', async () => {
      const { argv } = run(script, [], {
        REWARD_ENDPOINTS: 'http://r:1 http://s:2',
        REWARD_MODEL: 'my/rm',
        RUN: 'mine',
      })
      const { stages, name: called } = await configOf(argv)
      const [rm, agreement] = stages.reward.rewards
      assert.ok(rm?.kind === 'token-rm' && agreement?.kind === 'agreement')
      assert.deepEqual([rm.model, rm.endpoints.map(({ url }) => url)], ['my/rm', ['http://r:1', 'http://s:2']])
      assert.deepEqual([stages.curate.reward, called], ['rm', 'mine'])
    })

    it('refuses a wrong argument by its name, with exit code 2, before anything runs', () => {
      const wrong: [string[], string][] = [
        [[''], 'MODEL'],
        ...['0', '1.5', '-3', '1e3', 'many', ''].map((total): [string[], string] => [['m', total], 'TOTAL']),
        ...['0', '1.01', 'x', '-1', '1,0'].flatMap((value): [string[], string][] => [
          [['m', '1', value], 'INS_TOPP'],
          [['m', '1', '1', '1', value], 'RES_TOPP'],
        ]),
        ...['2.1', '-0.1', 'hot', '1.', '0x1'].flatMap((value): [string[], string][] => [
          [['m', '1', '1', value], 'INS_TEMP'],
          [['m', '1', '1', '1', '1', value], 'RES_TEMP'],
        ]),
        [['m', '1', '1', '1', '1', '1', 'extra'], '"extra" is one argument too many'],
        [['--total', '3'], '--total is no option of this script'],
      ]
      for (const [argv, named] of wrong) {
        const result = run(script, argv)
        assert.equal(result.code, 2, argv.join(' '))
        assert.ok(result.error.startsWith(`${script}: ${named}`), `${argv.join(' ')}: ${result.error}`)
        assert.equal(result.out, '')
      }
    })

    it('takes the bounds themselves', () => {
      for (const argv of [
        ['m', '1', '1', '0', '1.0', '2'],
        ['m', '1', '0.001', '2.0', '.5', '0.0'],
      ]) {
        assert.equal(run(script, argv).code, 0)
      }
    })

    it('has help with its defaults, and is executable POSIX sh', () => {
      for (const option of ['--help', '-h']) {
        const { code, out } = run(script, [option])
        assert.equal(code, 0)
        assert.ok(out.startsWith(`${script}: `) && out.includes(model) && out.includes('ENDPOINTS='))
        for (const word of ['MODEL', 'TOTAL', 'INS_TOPP', 'INS_TEMP', 'RES_TOPP', 'RES_TEMP', ...numbers])
          assert.ok(out.includes(word))
      }
      const text = readFileSync(join(root, 'scripts', script), 'utf8')
      assert.ok(text.startsWith('#!/bin/sh\n'))
      assert.ok(text.split('\n').length < 25, 'the scripts hold defaults; what they do is in lib.sh')
    })

    it('never reads an endpoint as a pattern of file names', () => {
      writeFileSync(join(folder, 'b'), '')
      const { argv } = run(script, [], { ENDPOINTS: '?' })
      assert.equal(argv.at(-1), '?')
    })
  })
}

// Holds configs/load.ts: a config is loaded whole or refused with all its faults, each at its place.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadConfig } from '../../configs/load.ts'
import type { LoadedConfig, LoadRequest } from '../../configs/load.ts'
import { wantsLocalModel, withLocalModel } from '../../configs/local-endpoint.ts'
import { requireRoleTemplate } from '../../llm/role-template.ts'
import { promptPrefix } from '../../llm/templates.ts'
import { UsageFault } from '../../schemas/failure.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'magpie-config-'))
})
after(async () => {
  await rm(folder, { recursive: true })
})

const SMALL = `
roles:
  questioner:
    endpoints: [{ url: "http://127.0.0.1:8000", limit: 7 }]
    model: Qwen/Qwen2.5-Math-7B-Instruct
  answerer: { endpoints: [{ url: "http://127.0.0.1:8000" }], model: Qwen/Qwen2.5-Math-7B-Instruct }
  sampler: { endpoints: [{ url: "http://127.0.0.1:8000" }], model: Qwen/Qwen2.5-Math-7B-Instruct }
`

async function load(text: string, request: Partial<LoadRequest> = {}): Promise<LoadedConfig> {
  const file = join(folder, 'small.yaml')
  await writeFile(file, text)
  return loadConfig({ file, environment: {}, ...request })
}

async function faultsOf(text: string, request: Partial<LoadRequest> = {}): Promise<string[]> {
  try {
    await load(text, request)
  } catch (error) {
    assert.ok(error instanceof UsageFault, String(error))
    return error.faults.map((fault) => fault.replaceAll(`${folder}/`, ''))
  }
  throw new assert.AssertionError({ message: 'the config was taken' })
}

describe('a good config', () => {
  it('gets every default, is frozen to the bottom, and is called after its file', async () => {
    const { config } = await load(SMALL)
    assert.equal(config.name, 'small')
    assert.equal(config.total, null)
    assert.equal(config.roles.questioner?.endpoints[0]?.limit, 7)
    assert.equal(config.stages.curate.reward, 'agreement')
    assert.ok(Object.isFrozen(config.roles.questioner.endpoints[0]))
    assert.throws(() => {
      config.stages.sample.n = 3
    }, TypeError)
  })

  it('has one hash however it is written, and another when what shapes the data differs', async () => {
    const { hash, json } = await load(SMALL)
    const inOtherWords = await load(`# the same\n${SMALL}\nlanguage: ja\ntotal: 5\nout: elsewhere\n`)
    const other = await load(SMALL, { set: ['stages.sample.n=4'] })
    assert.equal(inOtherWords.hash, hash)
    assert.notEqual(other.hash, hash)
    assert.match(hash, /^[0-9a-f]{64}$/)
    assert.deepEqual((JSON.parse(json) as { stages: object }).stages, (await load(SMALL)).config.stages)
    assert.equal((await load(SMALL)).json, json)
  })
})

describe('a chat template of the user', () => {
  const OWN = SMALL.replace('model: Qwen/Qwen2.5-Math-7B-Instruct\n', 'model: mine\n    chatTemplate: mine.jinja\n')
  const template = (turn: string): Promise<void> =>
    writeFile(join(folder, 'mine.jinja'), `{% for m in messages %}<|${turn}|>{{ m.content }}{% endfor %}<|answer|>`)

  it('is found from the folder of the config, and shapes the hash by what it says', async () => {
    await template('question')
    const { config, hash } = await load(OWN)
    assert.equal(config.roles.questioner?.chatTemplate, join(folder, 'mine.jinja'))
    assert.equal(
      promptPrefix(requireRoleTemplate(config.roles.questioner), { system: 'S' }).prompt,
      '<|question|>S<|question|>',
    )
    assert.equal((await load(OWN)).hash, hash)
    await template('problem')
    assert.notEqual((await load(OWN)).hash, hash)
  })

  it('that is no good is told at its place, also beside other faults', async () => {
    await rm(join(folder, 'mine.jinja'), { force: true })
    const [fault, ...more] = await faultsOf(OWN)
    assert.match(
      fault!,
      /^small\.yaml:6:19 roles\.questioner\.chatTemplate names mine\.jinja cannot be read \(there is no such file\)/,
    )
    assert.deepEqual(more, [])
    await writeFile(join(folder, 'mine.jinja'), '{{ messages[0].content ')
    const faults = await faultsOf(`${OWN}total: -1\n`)
    assert.match(faults[0]!, /chatTemplate names mine\.jinja cannot be rendered: /)
    assert.match(faults[1]!, /total/)
    await template('question')
    const [both] = await faultsOf(OWN.replace('chatTemplate:', 'template: qwen2.5\n    chatTemplate:'))
    assert.match(both!, /chatTemplate and template are both given/)
  })
})

describe('options', () => {
  it('--endpoint and --model stand for those of every role and every rewarder; --set wins over them', async () => {
    const rewards = '[{kind: agreement}, {kind: token-rm, model: old, endpoints: [{url: "http://old:1"}]}]'
    const { config } = await load(`${SMALL}stages: { reward: { rewards: ${rewards} } }`, {
      overrides: { endpoint: ['http://a:1', 'http://b:2/v1'], model: 'deepseek-ai/DeepSeek-R1' },
      set: ['roles.sampler.model=other'],
    })
    const { questioner, answerer, sampler } = config.roles
    for (const role of [questioner, answerer, sampler]) {
      assert.deepEqual(
        role?.endpoints.map(({ url }) => url),
        ['http://a:1', 'http://b:2/v1'],
      )
    }
    assert.deepEqual([questioner?.endpoints[0]?.limit, questioner?.template], [7, 'deepseek-r1'])
    assert.deepEqual([answerer?.model, sampler?.model], ['deepseek-ai/DeepSeek-R1', 'other'])
    const [agreement, rm] = config.stages.reward.rewards
    assert.deepEqual(agreement, { kind: 'agreement', name: 'agreement' })
    assert.ok(rm?.kind === 'token-rm')
    assert.deepEqual([rm.model, rm.endpoints.length], ['deepseek-ai/DeepSeek-R1', 2])
  })

  it('--endpoint and --model are enough for a config without roles', async () => {
    const { config } = await load('total: 3', {
      overrides: { endpoint: ['http://a:1'], model: 'Qwen/Qwen2-Math-7B-Instruct' },
    })
    assert.deepEqual(Object.keys(config.roles).sort(), ['answerer', 'questioner', 'sampler'])
    assert.equal(config.roles.questioner?.template, 'qwen2-math-7b')
  })

  it('--endpoint and --model serve stages too that --set switches on', async () => {
    const overrides = { endpoint: ['http://a:1'], model: 'Qwen/Qwen2-Math-7B-Instruct' }
    const { config } = await load('total: 3', {
      overrides,
      set: ['stages.tag.enabled=true', 'stages.judge.enabled=true'],
    })
    assert.equal(config.roles.tagger?.endpoints[0]?.url, 'http://a:1')
    assert.equal(config.roles.judge?.model, 'Qwen/Qwen2-Math-7B-Instruct')
  })

  it('--total, --accept, --run, --out and --lang are settings too', async () => {
    const overrides = { total: 9, accept: 4, name: 'mine', out: 'there', language: 'ja' }
    const { config } = await load(SMALL, { overrides })
    assert.deepEqual([config.total, config.name, config.out, config.language], [9, 'mine', 'there', 'ja'])
    assert.deepEqual(config.accept, { sft: 4, preference: null, minimum: 0, exact: true, floor: 0.01, probe: 200 })
  })

  it('--accept stands for all that a file asks for, and takes its number of problems away', async () => {
    const file = `${SMALL}\ntotal: 200\naccept: { sft: 3, preference: 1, minimum: 12, exact: false, floor: 0.2 }`
    const { config } = await load(file, { overrides: { accept: 4, of: 'preference' } })
    assert.deepEqual(config.accept, { sft: null, preference: 4, minimum: 0, exact: true, floor: 0.2, probe: 200 })
    assert.equal(config.total, null)
  })

  it('are named when they are wrong', async () => {
    const faults = await faultsOf(SMALL, {
      overrides: { total: 0, language: 'fr', name: '../up', endpoint: ['127.0.0.1:8000'] },
      set: [
        'stages.sample.n=0',
        'stages.sampel.n=3',
        'total.x=1',
        'roles.answerer.endpoints.5.url=http://a',
        'nothing',
      ],
    })
    for (const start of [
      '--total 0: total must be more than 0, but is 0',
      '--lang fr: language must be en or ja, but is "fr"',
      '--run ../up: name must be letters',
      '--endpoint 127.0.0.1:8000: roles.answerer.endpoints.0.url',
      '--set stages.sample.n=0: stages.sample.n must be at least 1, but is 0',
      '--set stages.sampel.n=3: stages.sampel is no setting; did you mean "sample"?',
      '--set total.x=1: total is a plain value',
      '--set roles.answerer.endpoints.5.url=http://a: roles.answerer.endpoints has 1 places',
      '--set nothing: has no name and value',
    ]) {
      assert.ok(
        faults.some((fault) => fault.startsWith(start)),
        `${start}\nis not in\n${faults.join('\n')}`,
      )
    }
  })
})

describe('a bad config', () => {
  it('is refused with all its faults at once, in the order of the file, each with line, column and path', async () => {
    const faults = await faultsOf(`name: bad
totl: 3
language: fr
roles:
  questioner:
    endpoints: []
    model: Qwen/Qwen2.5-Math-7B-Instruct
    template: qwen2.5-maths-7b
    sampling: { temperature: "hot", max_tokens: 3 }
  answerer:
    endpoints: [{ url: "ftp://x" }, { url: "http://x", weight: -1 }]
stages:
  curate: { reward: rm }
  reward: { rewards: [{ kind: guess }] }
`)
    const starts = [
      'small.yaml:2:1 totl is no setting; did you mean "total"?',
      'small.yaml:3:11 language must be en or ja, but is "fr"',
      'small.yaml:4:1 roles.sampler is missing, and stages.sample is on; name its model and at least one endpoint',
      'small.yaml:6:16 roles.questioner.endpoints needs at least one endpoint',
      'small.yaml:9:30 roles.questioner.sampling.temperature must be a number, but is "hot"',
      'small.yaml:9:37 roles.questioner.sampling.max_tokens is no setting; did you mean "maxTokens"?',
      'small.yaml:10:3 roles.answerer.model is missing; model name as the server knows it',
      'small.yaml:11:24 roles.answerer.endpoints.0.url only http:// and https:// are spoken',
      'small.yaml:11:64 roles.answerer.endpoints.1.weight must be more than 0, but is -1',
      'small.yaml:14:31 stages.reward.rewards.0.kind must be agreement, token-rm, process-rm, sequence-rm, reward-model or judge, but is "guess"',
    ]
    starts.forEach((start, index) => {
      assert.ok(
        faults[index]?.startsWith(start),
        `fault ${index}: ${faults[index] ?? 'none'}\nshould start with\n${start}`,
      )
    })
    assert.equal(faults.length, starts.length, faults.join('\n'))
  })

  it('names near templates, and all of them', async () => {
    const text = SMALL.replace('model: Qwen/Qwen2.5-Math-7B-Instruct\n', 'model: x\n    template: qwen2.5-maths-7b\n')
    const [fault] = await faultsOf(text)
    assert.match(
      fault!,
      /^small\.yaml:6:15 .*"qwen2\.5-maths-7b" is not in .* did you mean "qwen2\.5-math-7b"\? .*deepseek-r1/,
    )
    const [unnamed] = await faultsOf(SMALL.replace('model: Qwen/Qwen2.5-Math-7B-Instruct\n', 'model: a/b\n'))
    assert.match(
      unnamed!,
      /^small\.yaml:3:3 roles\.questioner\.template is missing, and no template is known for the model a\/b/,
    )
  })

  it('names a control task that the template does not have', async () => {
    const [fault] = await faultsOf(`${SMALL}producer: { controlTask: cooking }`)
    assert.match(
      fault!,
      /producer\.controlTask "cooking" is no control task of the template qwen2\.5-math-7b; there are math/,
    )
  })

  it('is one whose questions cannot differ', async () => {
    const [fault] = await faultsOf(SMALL, { set: ['roles.questioner.sampling.temperature=0'] })
    assert.match(fault!, /^--set roles\.questioner\.sampling\.temperature=0: .* is 0, so all 4 choices/)
    await load(SMALL, { set: ['roles.questioner.sampling.temperature=0', 'producer.choices=1'] })
  })

  it('is one whose parts do not fit together', async () => {
    const cases: [string[], RegExp][] = [
      [['stages.curate.reward=rm'], /stages\.curate\.reward "rm" is none of the rewards .* choose agreement/],
      [
        ['stages.curate.rules.rewards={rm: 1}'],
        /stages\.curate\.rules\.rewards\.rm "rm" is none of the rewards .* choose agreement/,
      ],
      [
        ['stages.curate.sft.rules.tags={quality: [good]}'],
        /sft\.rules\.tags would refuse every problem: stages\.tag is off/,
      ],
      [
        ['stages.curate.preference.pairs=process'],
        /process\.reward is "agreement", of kind agreement, which scores no/,
      ],
      [['stages.curate.rules.boxd=true'], /stages\.curate\.rules\.boxd is no setting; did you mean "boxed"/],
      [['stages.curate.passRateLevels.easy=0.1'], /passRateLevels each level must be at least the one before/],
      [['stages.answer.enabled=false', 'stages.sample.enabled=false'], /stages has answer and sample both off/],
      [['accept={sft: 1}', 'stages.curate.sft.enabled=false'], /accept\.sft can never be reached/],
      [
        ['accept={preference: 1}', 'stages.reward.enabled=false'],
        /accept\.preference can never be reached: stages\.reward is off/,
      ],
      [['accept={minimum: 1}'], /accept asks for nothing/],
      [
        ['roles.answerer.sampling.maxTokens=100', 'roles.answerer.continue={maxTokens: 100}'],
        /roles\.answerer\.continue\.maxTokens is 100, so no text would ever go on/,
      ],
      [
        ['roles.sampler.fanOut=n', 'roles.sampler.sampling.temperature=0'],
        /roles\.sampler\.sampling\.temperature is 0, so all samples of a request would be one text/,
      ],
      [['roles.sampler.firstToken={suppress: [" "]}'], /roles\.sampler\.firstToken\.suppress\.0 is blank/],
      [
        ['stages.converse.enabled=true', 'stages.curate.sft.enabled=false'],
        /stages\.converse\.enabled is on, but stages\.curate\.sft is off/,
      ],
      [['stages.converse={enabled: true, turns: 1}'], /stages\.converse\.turns/],
      [
        ['stages.converse={enabled: true, minCharacters: 5000}'],
        /converse\.minCharacters is above stages\.screen\.maxCharacters \(4000\), so no follow-up question would be kept; lower/,
      ],
      [
        ['stages.tag={enabled: true, refuse: {safety: [safe, unsafe]}}'],
        /tag\.refuse\.safety refuses safe problems as well as unsafe ones, so no problem would be kept; take one out/,
      ],
      [
        ['stages.tag={enabled: true, languages: [ja, de], refuse: {language: [de, en, ja]}}'],
        /tag\.refuse\.language refuses every language of stages\.tag\.languages/,
      ],
      [
        ['stages.curate.rules={length: {minTokens: 5, maxTokens: 3}}'],
        /curate\.rules\.length\.minTokens is above maxTokens, so no response would be kept; lower the one or raise/,
      ],
      [
        ['stages.curate.sft.rules={length: {minCharacters: 1, maxCharacters: 0}}'],
        /curate\.sft\.rules\.length\.minCharacters is above maxCharacters/,
      ],
      [['stages.curate.rules={length: {minToken: 5}}'], /length\.minToken is no setting; did you mean "minTokens"/],
      [
        ['stages.screen.languages=[en, english]'],
        /languages\.1 must be a code of ISO 639, as en or ja, but is "english"/,
      ],
      [['stages.tag.languages=[english]'], /languages\.0 must be a code of ISO 639-1, as en, but is "english"/],
      [['stages.tag.enabled=true'], /roles\.tagger is missing, and stages\.tag is on/],
      [['stages.judge.enabled=true'], /roles\.judge is missing, and stages\.judge is on/],
      [['stages.judge.different=1.5'], /stages\.judge\.different must be at most 1/],
    ]
    for (const [set, wanted] of cases) {
      const faults = await faultsOf(SMALL, { set })
      assert.ok(
        faults.some((fault) => wanted.test(fault)),
        `${String(wanted)}\n${faults.join('\n')}`,
      )
    }
  })

  it('takes bounds that let something through', async () => {
    const lengths = ['{minTokens: 3, maxTokens: 3}', '{maxTokens: 3}', '{minTokens: 3}', '{maxCharacters: 0}']
    for (const length of lengths) await load(SMALL, { set: [`stages.curate.rules={length: ${length}}`] })
  })

  it('has what a stage names told beside other faults of that stage', async () => {
    const cases: [string[], RegExp[]][] = [
      [
        ['stages.curate.preference={pairs: process, pair: 1}', 'stages.curate.minAgreement=2'],
        [/process\.reward is "agreement", of kind agreement/, /pair is no setting/, /minAgreement must be at most 1/],
      ],
      [
        ['stages.curate={reward: rm, rules: {length: {minTokens: 5, maxTokens: 3}}}'],
        [/curate\.reward "rm" is none of the rewards/, /minTokens is above maxTokens/],
      ],
      [['stages.curate={reward: 5}'], [/curate\.reward must be text, but is 5/]],
      [
        ['stages.screen={languages: [en, english], contamination: {benchmarks: [gsm9k]}}'],
        [/languages\.1 must be/, /benchmarks\.0 "gsm9k" is no benchmark/],
      ],
      [
        ['stages.screen={minCharacters: 5000, contamination: {benchmarks: [gsm9k]}}'],
        [/minCharacters is larger/, /benchmarks\.0 "gsm9k" is no benchmark/],
      ],
      [
        ['stages.screen={contamination: {benchmarks: [5, gsm9k]}}'],
        [/benchmarks.* is "all" or a list of benchmarks|benchmarks\.0 must be/],
      ],
      [['stages.screen=5'], [/stages\.screen must be a mapping/]],
    ]
    for (const [set, wanted] of cases) {
      const faults = await faultsOf(SMALL, { set })
      assert.equal(faults.length, wanted.length, faults.join('\n'))
      for (const each of wanted)
        assert.ok(
          faults.some((fault) => each.test(fault)),
          `${String(each)}\n${faults.join('\n')}`,
        )
    }
  })

  it('is one whose questioner cannot go on after an answer', async () => {
    const question = '<bos><start_of_turn>user\n{{ messages[0].content }}<end_of_turn>\n<start_of_turn>model\n'
    await writeFile(join(folder, 'first.jinja'), question)
    const set = [
      'roles.questioner.chatTemplate=first.jinja',
      'producer.controlTask=null',
      'stages.converse.enabled=true',
    ]
    const [fault, ...more] = await faultsOf(SMALL, { set })
    assert.match(
      fault ?? '',
      /roles\.questioner\.chatTemplate names a template that does not write several turns alike.*converse\.enabled/,
    )
    assert.deepEqual(more, [])
    await load(SMALL, { set: set.slice(0, 2) })
  })

  it('holds a secret: refused with the way to give it, and never shown', async () => {
    const text = SMALL.replace('limit: 7', 'apiKey: sk-hunter2hunter2hunter2').replace(
      'model: Qwen',
      'token: hunter2\n    model: Qwen',
    )
    const faults = await faultsOf(text, {
      set: [
        'roles.sampler.endpoints.0.keyEnv=sk-hunter2-hunter2',
        'roles.answerer.endpoints.0.url=http://me:hunter2@x',
      ],
      overrides: { out: 'data' },
    })
    assert.equal(faults.length, 4, faults.join('\n'))
    assert.ok(!faults.join().includes('hunter2'), faults.join('\n'))
    assert.match(faults[0]!, /^small\.yaml:4:57 .*apiKey looks like a secret .* keyEnv: MY_KEY/)
  })

  it('names a key that is not in the environment, for what this process calls', async () => {
    const set = ['roles.sampler.endpoints.0.keyEnv=MY_KEY']
    assert.match((await faultsOf(SMALL, { set }))[0]!, /names the environment variable MY_KEY, which is not set/)
    await load(SMALL, { set, environment: { MY_KEY: 'x' } })
    await load(SMALL, { set, work: { producer: 'magpie', stages: ['answer'] } })
    const conversing = ['stages.converse.enabled=true', 'roles.questioner.endpoints.0.keyEnv=MY_KEY']
    await load(SMALL, { set: conversing, work: { producer: 'jsonl', stages: ['answer'] } })
    const [fault, ...more] = await faultsOf(SMALL, { set: conversing, work: { producer: 'jsonl', stages: null } })
    assert.match(fault ?? '', /questioner.*names the environment variable MY_KEY/)
    assert.deepEqual(more, [])
  })

  it('is told as what it is when it cannot be read', async () => {
    await assert.rejects(
      loadConfig({ file: join(folder, 'none.yaml'), environment: {} }),
      /none\.yaml: the config cannot be read \(there is no such file\)/,
    )
    await assert.rejects(loadConfig({ file: folder, environment: {} }), /it is a folder/)
    assert.match((await faultsOf('a: [1\nb: }'))[0]!, /^small\.yaml:\d+:\d+ is not valid YAML/)
    assert.equal(
      (await faultsOf('a: [1\nb: }')).some((fault) => fault.includes('is missing')),
      false,
    )
  })
})

describe('the work of a process', () => {
  const withoutQuestioner = SMALL.replace(/ {2}questioner:[^]*?(?= {2}answerer)/, '')

  it('decides which roles are needed', async () => {
    assert.match((await faultsOf(withoutQuestioner))[0]!, /roles\.questioner is missing, and problems come from it/)
    await load(withoutQuestioner, { work: { producer: 'jsonl', stages: null } })
    await load('out: data', { work: { producer: 'none', stages: ['verify', 'curate'] } })
  })
})

describe('the endpoint local', () => {
  it('is found in roles and rewards, and filled in', async () => {
    const { config } = await load(SMALL, { overrides: { endpoint: ['local', 'http://b:1'] } })
    assert.equal(wantsLocalModel(config), true)
    const filled = withLocalModel(config, { url: 'http://127.0.0.1:5', model: 'other' })
    assert.equal(wantsLocalModel(filled), false)
    assert.deepEqual(
      filled.roles.sampler?.endpoints.map(({ url }) => url),
      ['http://127.0.0.1:5', 'http://b:1'],
    )
    assert.equal(config.roles.sampler?.endpoints[0]?.url, 'local')
    assert.equal(wantsLocalModel((await load(SMALL)).config), false)
  })
})

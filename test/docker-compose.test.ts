// Holds docker-compose.yml and the Dockerfile, which cannot be started here, to what they belong to: the preset they
// run, the topics' record size, the command line's own help. A port, a variable or an option that drifts is found.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../configs/load.ts'
import { PART_NAMES } from '../pipeline.ts'
import { MAX_RECORD_BYTES } from '../schemas/topics.ts'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')

const serviceShape = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  init: z.boolean().optional(),
  entrypoint: z.array(z.string()).optional(),
  profiles: z.array(z.string()).default([]),
  restart: z.enum(['unless-stopped', 'on-failure']),
  ipc: z.literal('host').optional(),
  ports: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({}),
  command: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  scale: z.number().optional(),
  stop_grace_period: z.string().optional(),
  ulimits: z.unknown().optional(),
  deploy: z.unknown().optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()).min(2),
      interval: z.string(),
      timeout: z.string(),
      retries: z.number(),
      start_period: z.string(),
    })
    .optional(),
})

type Service = z.infer<typeof serviceShape>

const SECRETS = { CLICKHOUSE_PASSWORD: 'a-password', HF_TOKEN: 'a-token' }

/** Fills ${NAME}, ${NAME:-default} and ${NAME:?message} as Compose does. */
function interpolate(value: unknown, environment: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((item) => interpolate(item, environment))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, environment)]))
  }
  if (typeof value !== 'string') return value
  return value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_whole, name: string, kind?: string, rest?: string) => {
    const given = environment[name] ?? ''
    if (given !== '') return given
    if (kind === '-') return rest ?? ''
    throw new Error(`${name}: ${kind === '?' ? (rest ?? '') : 'has no default'}`)
  })
}

/** The services as Compose would start them. */
function services(environment: Readonly<Record<string, string>> = SECRETS): Record<string, Service> {
  const raw = parse(text, { merge: true }) as { services: unknown }
  return z.record(z.string(), serviceShape).parse(interpolate(raw.services, environment))
}

const all = services()
const service = (name: string): Service => all[name] ?? assert.fail(`there is no service ${name}`)
const MODELS = ['questioner', 'answerer', 'reward'] as const
const PIPELINES = ['pipeline', 'worker'] as const

const option = (name: string, flag: string): string | undefined => {
  const { command } = service(name)
  const index = command.indexOf(flag)
  return index === -1 ? undefined : command[index + 1]
}

/** Host and container side of a service's only port. */
function portOf(name: string): { host: number; inside: number } {
  const { ports } = service(name)
  assert.equal(ports.length, 1, name)
  const match = /^127\.0\.0\.1:(\d+):(\d+)$/.exec(ports[0]!)
  assert.ok(match !== null, `${name}: ${ports[0]!} must be bound to 127.0.0.1`)
  return { host: Number(match[1]), inside: Number(match[2]) }
}

const presetOf = (name: string, environment: Readonly<Record<string, string>>) => {
  const file = option(name, '-c')
  assert.ok(file !== undefined && existsSync(join(root, file)), `${name} runs a config that is there`)
  return loadConfig({ file: join(root, file), environment })
}

describe('docker-compose.yml', () => {
  it('has the services of a cluster, the model servers behind the profile gpu', () => {
    assert.deepEqual(Object.keys(all).sort(), [
      'answerer',
      'clickhouse',
      'kafka',
      'pipeline',
      'questioner',
      'reward',
      'worker',
    ])
    for (const [name, { profiles }] of Object.entries(all)) {
      assert.deepEqual(profiles, (MODELS as readonly string[]).includes(name) ? ['gpu'] : [], name)
    }
  })

  it('can be scaled: no container names, and no ports of this machine on the pipeline', () => {
    assert.doesNotMatch(text, /container_name/)
    for (const name of PIPELINES) assert.deepEqual(service(name).ports, [])
  })

  it('checks the health of every server, and starts the pipeline after Kafka and ClickHouse', () => {
    for (const name of ['kafka', 'clickhouse', ...MODELS]) assert.ok(service(name).healthcheck !== undefined, name)
    for (const name of PIPELINES)
      assert.deepEqual(Object.keys(service(name).depends_on).sort(), ['clickhouse', 'kafka'])
  })

  it('keeps its data in volumes that it declares', () => {
    const declared = Object.keys((parse(text) as { volumes: object }).volumes)
    const used = new Set<string>()
    for (const { volumes } of Object.values(all)) {
      for (const volume of volumes) {
        const [name = '', place] = volume.split(':')
        assert.match(place ?? '', /^\//)
        used.add(name)
      }
    }
    assert.deepEqual([...used].sort(), declared.sort())
    assert.ok(service('kafka').volumes.includes(`kafka:${service('kafka').environment.KAFKA_LOG_DIRS!}`))
  })

  it('has no secret in it, and asks for a password that is not given', () => {
    const raw = parse(text, { merge: true }) as { services: Record<string, { environment?: Record<string, unknown> }> }
    for (const [name, { environment = {} }] of Object.entries(raw.services)) {
      for (const [variable, value] of Object.entries(environment)) {
        if (/PASSWORD|TOKEN|SECRET|_KEY$/.test(variable)) {
          assert.match(String(value), new RegExp(`^\\$\\{${variable}:[-?]`), `${name}: ${variable}`)
          assert.doesNotMatch(String(value), /:-[^}]/, `${name}: ${variable} has a default`)
        }
      }
    }
    assert.throws(() => services({}), /set CLICKHOUSE_PASSWORD/)
  })

  it('holds Kafka and ClickHouse to the addresses that the pipeline is given', () => {
    const { environment } = service('pipeline')
    const kafka = service('kafka').environment
    const listeners = Object.fromEntries(
      kafka.KAFKA_LISTENERS!.split(',').map((each) => each.split('://:') as [string, string]),
    )
    assert.equal(environment.KAFKA_BROKERS, `kafka:${listeners.INSIDE!}`)
    assert.equal(portOf('kafka').inside, Number(listeners.OUTSIDE))
    const advertised = `INSIDE://${environment.KAFKA_BROKERS},OUTSIDE://127.0.0.1:${portOf('kafka').host}`
    assert.equal(kafka.KAFKA_ADVERTISED_LISTENERS, advertised)
    assert.ok(kafka.KAFKA_CONTROLLER_QUORUM_VOTERS!.endsWith(`:${listeners.CONTROLLER!}`))
    assert.deepEqual(
      kafka
        .KAFKA_LISTENER_SECURITY_PROTOCOL_MAP!.split(',')
        .map((each) => each.split(':')[0])
        .sort(),
      Object.keys(listeners).sort(),
    )
    assert.equal(environment.CLICKHOUSE_URL, `http://clickhouse:${portOf('clickhouse').inside}`)
    for (const variable of ['CLICKHOUSE_USER', 'CLICKHOUSE_PASSWORD']) {
      assert.equal(environment[variable], service('clickhouse').environment[variable])
    }
  })

  it('lets the largest record through, keeps the log, and leaves topics to the pipeline', () => {
    const kafka = service('kafka').environment
    for (const variable of ['KAFKA_MESSAGE_MAX_BYTES', 'KAFKA_REPLICA_FETCH_MAX_BYTES']) {
      assert.ok(Number(kafka[variable]) > MAX_RECORD_BYTES, variable)
    }
    assert.deepEqual([kafka.KAFKA_LOG_RETENTION_MS, kafka.KAFKA_AUTO_CREATE_TOPICS_ENABLE], ['-1', 'false'])
  })

  it('serves under every role the model that the preset asks for', async () => {
    const { config } = await presetOf('pipeline', service('pipeline').environment)
    const rm = config.stages.reward.rewards.find((reward) => reward.kind === 'token-rm')
    assert.ok(rm !== undefined)
    const { questioner, answerer, sampler } = config.roles
    const asked = { questioner, answerer, sampler, reward: rm }
    for (const [role, speaker] of Object.entries(asked)) {
      assert.ok(speaker !== undefined, role)
      const { hostname, port } = new URL(speaker.endpoints[0]!.url)
      assert.equal(hostname, role === 'sampler' ? 'answerer' : role)
      assert.equal(Number(port), portOf(hostname).inside)
      assert.equal(service(hostname).command[0], speaker.model)
      assert.deepEqual(service(hostname).entrypoint, ['vllm', 'serve'])
      const slots = option(hostname, '--max-num-seqs')
      if (slots !== undefined)
        assert.ok(speaker.endpoints[0]!.limit >= Number(slots), `${role} could not fill its server`)
      const context = option(hostname, '--max-model-len')
      if (context !== undefined && 'sampling' in speaker)
        assert.ok(Number(context) > speaker.sampling.maxTokens + 1024, role)
    }
  })

  it('publishes the servers where the preset looks for them on this machine', async () => {
    const { config } = await presetOf('pipeline', {})
    const rm = config.stages.reward.rewards.find((reward) => reward.kind === 'token-rm')
    const { questioner, answerer } = config.roles
    for (const [name, speaker] of Object.entries({ questioner, answerer, reward: rm })) {
      assert.equal(speaker?.endpoints[0]?.url, `http://127.0.0.1:${portOf(name).host}`)
    }
  })

  it('takes other servers, models and sizes from the environment', async () => {
    const given = {
      ANSWERER_ENDPOINT: 'http://far:1',
      ANSWERER_MODEL: 'deepseek-ai/DeepSeek-R1-Distill-Qwen-32B',
      RUN: 'mine',
      TOTAL: '7',
    }
    const { pipeline, worker, answerer } = services({ ...SECRETS, ...given })
    const { config } = await presetOf('pipeline', pipeline!.environment)
    assert.equal(config.roles.answerer?.endpoints[0]?.url, 'http://far:1')
    assert.equal(config.roles.answerer.model, answerer?.command[0])
    for (const { command } of [pipeline!, worker!]) assert.ok(command.includes('mine') && command.includes('7'))
  })

  it('serves DeepSeek-R1 over four GPUs with the token of the environment, and the reward model for pooling', () => {
    assert.equal(service('answerer').command[0], 'deepseek-ai/DeepSeek-R1')
    assert.equal(option('answerer', '--tensor-parallel-size'), '4')
    for (const name of MODELS) {
      assert.equal(service(name).environment.HF_TOKEN, SECRETS.HF_TOKEN)
      const gpus = service(name).environment.CUDA_VISIBLE_DEVICES!.split(',')
      assert.equal(
        gpus.length,
        Number(option(name, '--tensor-parallel-size')),
        `${name}: as many GPUs as tensor parallel`,
      )
    }
    assert.equal(option('reward', '--runner'), 'pooling')
  })

  it('shares one run between the pipeline and its workers', async () => {
    assert.deepEqual(
      [option('worker', '-c'), option('worker', '--run')],
      [option('pipeline', '-c'), option('pipeline', '--run')],
    )
    const hashes = await Promise.all(
      PIPELINES.map(async (name) => (await presetOf(name, service(name).environment)).hash),
    )
    assert.equal(hashes[0], hashes[1])
    const stages = option('worker', '--stages')!.split(',')
    for (const stage of stages) assert.ok((PART_NAMES as readonly string[]).includes(stage), stage)
    for (const single of ['produce', 'clickhouse', 'json'])
      assert.ok(!stages.includes(single), `${single} is done once`)
    assert.equal(option('pipeline', '--stages'), undefined)
  })

  it('uses options that the command line has', () => {
    const help = spawnSync(process.execPath, [join(root, 'cli', 'main.ts'), 'run', '--help'], { encoding: 'utf8' })
    assert.equal(help.status, 0, help.stderr)
    for (const name of PIPELINES) {
      const { command } = service(name)
      assert.equal(command[0], 'run')
      for (const flag of command.filter((word) => /^--?[a-z]/.test(word))) {
        assert.match(help.stdout, new RegExp(`(^|[\\s,])${flag}([\\s,<]|$)`, 'm'), flag)
      }
    }
  })
})

describe('Dockerfile', () => {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n')
  const instruction = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))

  it('is Node 24 without root, and starts the command line', () => {
    for (const from of instruction('FROM')) assert.match(from, /^node:24-slim( AS \w+)?$/)
    assert.deepEqual(instruction('USER'), ['node'])
    const [entry] = instruction('ENTRYPOINT').map((json) => z.array(z.string()).parse(JSON.parse(json)))
    assert.equal(entry?.[0], 'node')
    assert.ok(existsSync(join(root, entry[1]!)))
  })

  it('has the folders that the services write to', () => {
    const [volumes] = instruction('VOLUME').map((json) => z.array(z.string()).parse(JSON.parse(json)))
    for (const name of PIPELINES) {
      for (const flag of ['--out', '--state']) {
        const place = option(name, flag)
        if (place !== undefined) assert.ok(volumes?.includes(place), `${name} ${flag}`)
      }
    }
  })

  it('takes no secret, no state and no packages of this machine into the image', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
    for (const name of ['.env*', '.magpie', 'data', 'node_modules', '.git']) assert.ok(ignored.includes(name), name)
  })
})

// magpie models check: asks every endpoint of a config what it makes of our prompts. Exit code 1 where data would be
// spoilt.

import { Option } from 'commander'
import type { Command } from 'commander'
import { loadConfig } from '../configs/load.ts'
import type { Config } from '../configs/schema.ts'
import type { RoleSubject } from '../llm/check/check-role.ts'
import { type CheckedModels, checkModels, type Subject } from '../llm/check/check-models.ts'
import { EMBEDDER } from '../llm/config.ts'
import { roleTemplate } from '../llm/role-template.ts'
import { embedderOf } from '../processors/screening/embedding-settings.ts'
import type { Finding, Severity } from '../llm/check/finding.ts'
import { collect, seconds } from './options.ts'

interface CheckOptions {
  readonly config: string
  readonly json?: true
  readonly endpoint?: string[]
  readonly model?: string
  readonly set?: string[]
  readonly timeout: number
}

const HELP = `
Asks /v1/models, /version, /tokenize and /detokenize, and one small call of each kind that a run makes: is the model
served, is our prefix the server's own (token by token), does one BOS stand before it, do the stops stop, is the
context long enough, are thoughts split, does each reward model answer what its kind says, does the embedding model
tell texts apart, does a server with schedulingPolicy: priority take one.

Exit code 1 where data would be spoilt, 2 for a config with faults.

Example:
  ./magpie models check -c configs/deepseek-r1.yaml --json`

/** Adds the command. */
export function addModelsCheck(models: Command): void {
  models
    .command('check')
    .description("a config's servers: prefix, stops, context, rewards; what would spoil data, before it is paid for")
    .requiredOption('-c, --config <file>', 'config of the run')
    .option('--json', 'as JSON')
    .option('--endpoint <url>', 'model server for every role; may be given several times', collect)
    .option('--model <name>', 'model for every role')
    .option('--set <key=value>', 'another value for a setting; may be repeated', collect)
    .addOption(new Option('--timeout <seconds>', 'time for each single question').argParser(seconds).default(60))
    .addHelpText('after', HELP)
    .action(async (options: CheckOptions) => {
      const { config: file, endpoint, model, set = [], timeout } = options
      const { config } = await loadConfig({ file, set, overrides: { endpoint, model }, environment: process.env })
      const { signal } = new AbortController()
      const waiting = sayWhoIsWaitedFor(timeout)
      const { onProgress } = waiting
      const checked = await checkModels({
        ...{ subjects: subjectsOf(config), signal, timeoutMs: timeout * 1000, onProgress },
      }).finally(waiting.end)
      const text = options.json === true ? JSON.stringify({ ...checked, totals: totals(checked) }) : report(checked)
      process.stdout.write(`${text}\n`)
      if (totals(checked).error > 0) process.exitCode = 1
    })
}

/** Between two words about servers that say nothing, milliseconds. */
const WAITING_MS = 5000

/** A server that takes the connection and says nothing is waited for aloud. */
function sayWhoIsWaitedFor(seconds: number) {
  const waiting = new Map<string, { caller: string; endpoint: string }>()
  const began = performance.now()
  const timer = setInterval(() => {
    const names = [...waiting.values()].map(({ caller, endpoint }) => `${caller} at ${endpoint}`)
    const since = Math.round((performance.now() - began) / 1000)
    process.stderr.write(
      `waiting ${since} s for ${names.join(', ')} (each question gets at most ${seconds} s: --timeout)\n`,
    )
  }, WAITING_MS)
  return {
    onProgress: (place: { caller: string; endpoint: string }, step: 'asked' | 'done'): void => {
      const key = `${place.caller} ${place.endpoint}`
      if (step === 'asked') waiting.set(key, place)
      else waiting.delete(key)
    },
    end: () => {
      clearInterval(timer)
    },
  }
}

/** Roles, reward models and the embedding model of a config that a run would call. */
function subjectsOf({ roles, producer, stages }: Config): Subject[] {
  const embedder = embedderOf(stages.screen.embeddings)
  const embedding: Subject[] = embedder === undefined ? [] : [{ kind: 'embedder', name: EMBEDDER, config: embedder }]
  const answering = new Set(['answerer', 'sampler'])
  const asked = Object.entries(roles).flatMap(([name, config]): RoleSubject[] => {
    if (config === undefined) return []
    const raw = name === 'questioner' ? { controlTask: producer.controlTask, system: producer.system } : null
    const opened = roleTemplate(config)?.reasoning?.openInPrompt === true
    const expectsThought = answering.has(name) ? (stages.verify.expectsThought ?? opened) : null
    const place = `roles.${name}`
    const furtherTurns = raw !== null && stages.converse.enabled
    return [{ kind: 'role', name, config, system: config.system, place, raw, furtherTurns, expectsThought }]
  })
  if (!stages.reward.enabled) return [...asked, ...embedding]
  const longestAnswer = Math.max(
    0,
    ...asked.filter(({ name }) => answering.has(name)).map(({ config }) => config.sampling.maxTokens),
  )
  const rewards = stages.reward.rewards.flatMap((reward, index): Subject[] => {
    if (reward.kind === 'agreement') return []
    const name = `reward:${reward.name}`
    if (reward.kind !== 'judge') return [{ kind: 'rewarder', name, config: reward, reward: reward.kind, longestAnswer }]
    const place = `stages.reward.rewards.${index}`
    return [{ kind: 'role', name, config: reward, system: null, place, raw: null, expectsThought: null }]
  })
  return [...asked, ...rewards, ...embedding]
}

const SIGNS: Readonly<Record<Severity, string>> = { error: '✗', warning: '!', note: '·' }

function report(checked: CheckedModels): string {
  const { looked, findings } = checked
  const blocks = looked.map(({ caller, endpoint, model }) => {
    const own = findings.filter((finding) => finding.caller === caller && finding.endpoint === endpoint)
    const lines = own.flatMap((finding) => [
      `  ${SIGNS[finding.severity]} ${finding.severity} (${finding.check}): ${finding.seen}`,
      ...(finding.advice === '' ? [] : [`    → ${finding.advice}`]),
    ])
    return [`${caller} at ${endpoint} (${model})`, ...(lines.length === 0 ? ['  ✓ all is well'] : lines)].join('\n')
  })
  const { error, warning, note } = totals(checked)
  const end = `${count(error, 'error')}, ${count(warning, 'warning')}, ${count(note, 'note')} at ${count(looked.length, 'endpoint')}`
  return [...blocks, end].join('\n\n')
}

function totals({ findings }: { findings: readonly Finding[] }): Record<Severity, number> {
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  return { error: of('error'), warning: of('warning'), note: of('note') }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

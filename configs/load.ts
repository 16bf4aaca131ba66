// Loads a run's config: file, options and environment in, one frozen and checked value out. Throws UsageFault
// with every fault that can be found, each with its file, line and column or the option it came from.

import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { readOwnTemplate } from '../llm/own-template.ts'
import { findTemplate, loadTemplates, takesFurtherTurns, templateNames } from '../llm/templates.ts'
import type { Template } from '../llm/templates.ts'
import { UsageFault } from '../schemas/failure.ts'
import { brokenAccess, withCertificatePaths } from './access-rules.ts'
import { brokenBenchmarks, withBenchmarkHashes, withBenchmarkPaths } from './benchmark-files.ts'
import { canonicalJson, deepFreeze, sha256 } from './canonical.ts'
import { valueAt } from './fault.ts'
import type { ConfigFault } from './fault.ts'
import { overridesFor } from './overrides.ts'
import type { Override, Overrides } from './overrides.ts'
import { readSettings } from './read.ts'
import { brokenRules, neededRoles, WHOLE_PIPELINE } from './rules.ts'
import type { KnownTemplate, Templates, Work } from './rules.ts'
import { configSchema, readSections } from './schema.ts'
import type { Config } from './schema.ts'
import type { Environment } from './source.ts'

export interface LoadRequest {
  readonly file: string
  /** The config's text where it lies in no file (`file` then says where it is from). */
  readonly text?: string
  /** Values of --set, in order. */
  readonly set?: readonly string[]
  /** Options that stand for settings. */
  readonly overrides?: Overrides
  readonly environment: Environment
  /** What this process does of the pipeline; the whole of it unless said. */
  readonly work?: Work
}

export interface LoadedConfig {
  /** Deeply frozen. An endpoint may still be the word `local` (configs/local-endpoint.ts). */
  readonly config: Config
  readonly file: string
  /** SHA-256 of the settings that shape the data: a run that is asked for more, in another folder, keeps it. */
  readonly hash: string
  /** Canonical JSON of the config. No secret can be in it: keys are given by the names of variables. */
  readonly json: string
}

/** Reads, merges and checks; see the file's first lines. */
export async function loadConfig({
  file,
  text: given,
  set = [],
  overrides = {},
  environment,
  work = WHOLE_PIPELINE,
}: LoadRequest): Promise<LoadedConfig> {
  const text = given ?? (await readConfigFile(file))
  const templates = knownTemplates(file)
  const result = readSettings({
    file,
    text,
    environment,
    schema: configSchema,
    set,
    overrides: (tree, foreseen) => {
      const needed = neededRoles(readSections(foreseen), WHOLE_PIPELINE).map(({ role }) => role)
      return [
        ...nameAfterFile(tree, file),
        ...overridesFor(tree, overrides, needed, (model) => templates.find(model)?.name ?? null),
      ]
    },
    rules: (tree) => {
      const sections = readSections(tree)
      return [
        ...brokenRules(sections, work, templates, environment, dirname(file)),
        ...brokenAccess(tree, environment, dirname(file)),
        ...brokenBenchmarks(sections, dirname(file)),
        ...ownReplay(tree),
      ]
    },
  })
  if ('faults' in result) throw new UsageFault(result.faults)
  const whole = withCertificatePaths(withTemplatePaths(result.value, file), dirname(file))
  const config = deepFreeze(withBenchmarkPaths(whole, dirname(file)))
  return { config, file, hash: hashOf(config), json: canonicalJson(config) }
}

/** How much is wanted, what it costs, where it goes, what it is called and what the screen says do not shape the data. */
function hashOf(config: Config): string {
  const { roles, producer, stages } = withBenchmarkHashes(config)
  // A template file shapes the data by what it says, wherever it lies.
  const said = Object.entries(roles).map(([name, role]) =>
    role?.chatTemplate === undefined
      ? [name, role]
      : [
          name,
          {
            ...role,
            chatTemplate: sha256(JSON.stringify({ ...readOwnTemplate(role.chatTemplate), name: '', source: '' })),
          },
        ],
  )
  const whole = { roles: Object.fromEntries(said) as unknown, producer, stages }
  const unpriced = JSON.stringify(whole, (key, value: unknown) => (key === 'price' ? undefined : value))
  return sha256(canonicalJson(JSON.parse(unpriced) as unknown))
}

/** Paths of template files start at the config's folder; from here on they are whole. */
function withTemplatePaths(config: Config, file: string): Config {
  const roles = Object.entries(config.roles).map(([name, role]) =>
    role?.chatTemplate === undefined
      ? [name, role]
      : [name, { ...role, chatTemplate: resolve(dirname(file), role.chatTemplate) }],
  )
  return { ...config, roles: Object.fromEntries(roles) as Config['roles'] }
}

function knownTemplates(file: string): Templates {
  const all = loadTemplates()
  return {
    names: templateNames(all),
    find: (name) => {
      const template = findTemplate(name, all)
      return template === null ? null : known(template)
    },
    ofFile: (path) => {
      try {
        return known(readOwnTemplate(resolve(dirname(file), path)))
      } catch (error) {
        if (error instanceof UsageFault) return error.message
        throw error
      }
    },
  }
}

function known(template: Template): KnownTemplate {
  const { name, controlTasks, system } = template
  return {
    name,
    controlTasks: Object.keys(controlTasks),
    takesSystem: system.rule !== 'none',
    takesFurtherTurns: takesFurtherTurns(template),
  }
}

async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message
    throw new UsageFault(`${file}: the config cannot be read (${why}); give one with -c, as -c configs/simulated.yaml`)
  }
}

/** What a replay reads is said on the command line. */
function ownReplay(tree: unknown): ConfigFault[] {
  const text =
    'is written by ./magpie replay and has no place in a config; take it out and say it with --from, --where …'
  return valueAt(tree, ['replay']) == null ? [] : [{ path: ['replay'], text }]
}

/** A run without a name is called after its file. */
function nameAfterFile(tree: unknown, file: string): Override[] {
  if (typeof tree === 'object' && tree !== null && 'name' in tree) return []
  return [{ path: ['name'], value: basename(file, extname(file)), option: `the name of ${file}` }]
}

// Rules over several settings at once: what is switched on has what it needs. Each is checked even while other
// settings are wrong, so that all faults are told in one go.

import { readAccess } from '../llm/access.ts'
import type { EndpointConfig } from '../llm/config.ts'
import type { RoleName } from '../llm/contract.ts'
import { brokenCuration } from './curate-rules.ts'
import type { ConfigFault, ConfigPath } from './fault.ts'
import { nearest } from './nearest.ts'
import type { Sections } from './schema.ts'
import type { Environment } from './source.ts'
import { closedBounds } from './stage-bounds.ts'

/** What this process is to do of the pipeline. */
export interface Work {
  /** Where problems come from: the questioner, a file, or nowhere (a worker, a replay). */
  readonly producer: 'magpie' | 'jsonl' | 'none'
  /** Names of the stages that run here; null: all that the config has on. */
  readonly stages: readonly string[] | null
}

export const WHOLE_PIPELINE: Work = { producer: 'magpie', stages: null }

export interface KnownTemplate {
  readonly name: string
  /** Names of its control tasks. */
  readonly controlTasks: readonly string[]
  /** Whether its prefix has a place for a system text. */
  readonly takesSystem: boolean
  /** Whether a question can follow an answer in it. */
  readonly takesFurtherTurns: boolean
}

export interface Templates {
  readonly names: readonly string[]
  /** The template of a template's name or a model's name; null where none is known. */
  find(name: string): KnownTemplate | null
  /** The template in a role's chatTemplate file, or what is wrong with it. */
  ofFile(path: string): KnownTemplate | string
}

/** Roles that this work calls, each with why. */
export function neededRoles({ stages }: Sections, work: Work): { role: RoleName; why: string }[] {
  const runs = (stage: 'tag' | 'answer' | 'sample' | 'judge' | 'converse'): boolean => runsHere(stages, work, stage)
  const all = [
    ...(work.producer === 'magpie' ? [{ role: 'questioner' as const, why: 'problems come from it' }] : []),
    ...(runs('tag') ? [{ role: 'tagger' as const, why: 'stages.tag is on' }] : []),
    ...(runs('answer') ? [{ role: 'answerer' as const, why: 'stages.answer is on' }] : []),
    ...(runs('sample') ? [{ role: 'sampler' as const, why: 'stages.sample is on' }] : []),
    ...(runs('judge') ? [{ role: 'judge' as const, why: 'stages.judge is on' }] : []),
    ...(runs('converse')
      ? (['questioner', 'answerer'] as const).map((role) => ({ role, why: 'stages.converse is on' }))
      : []),
  ]
  return all.filter(({ role }, index) => all.findIndex((other) => other.role === role) === index)
}

function runsHere(
  stages: Sections['stages'],
  work: Work,
  stage: 'tag' | 'answer' | 'sample' | 'judge' | 'converse',
): boolean {
  return stages[stage]?.enabled === true && (work.stages === null || work.stages.includes(stage))
}

/** Faults of the sections against each other, the known templates and the environment. folder: where paths start. */
export function brokenRules(
  sections: Sections,
  work: Work,
  templates: Templates,
  environment: Environment,
  folder: string,
): ConfigFault[] {
  return [
    ...missingRoles(sections, work),
    ...brokenFiles(sections, templates),
    ...(work.producer === 'magpie' || runsHere(sections.stages, work, 'converse')
      ? brokenQuestioner(sections, templates)
      : []),
    ...brokenConversation(sections),
    ...closedBounds(sections),
    ...missingKeys(sections, work, environment, folder),
    ...brokenCuration(sections),
    ...nothingToVerify(sections),
    ...brokenSampling(sections),
    ...unreachableAccept(sections),
    ...unpricedBudget(sections, work),
  ]
}

function missingRoles(sections: Sections, work: Work): ConfigFault[] {
  return neededRoles(sections, work)
    .filter(({ role }) => sections.roles[role] === undefined)
    .map(({ role, why }) => ({
      path: ['roles', role],
      text: `is missing, and ${why}; name its model and at least one endpoint (or give --endpoint URL --model NAME)`,
    }))
}

/** Every template file that a role names is read once before the run. */
function brokenFiles({ roles }: Sections, templates: Templates): ConfigFault[] {
  return Object.entries(roles).flatMap(([name, role]) => {
    if (role?.chatTemplate === undefined) return []
    const path = ['roles', name, 'chatTemplate']
    if (role.template !== undefined)
      return [{ path, text: 'and template are both given, and only one can make the prefix; take one of them out' }]
    const read = templates.ofFile(role.chatTemplate)
    return typeof read === 'string' ? [{ path, text: `names ${read}` }] : []
  })
}

function brokenQuestioner({ roles: { questioner }, producer, stages }: Sections, templates: Templates): ConfigFault[] {
  if (questioner === undefined || questioner === null) return []
  const path = ['roles', 'questioner', 'template']
  const all = templates.names.join(', ')
  const file = questioner.chatTemplate
  const template = file === undefined ? templates.find(questioner.template ?? questioner.model) : templates.ofFile(file)
  // A file that is no good has been told of already.
  if (typeof template === 'string') return []
  if (template === null) {
    if (questioner.template === undefined) {
      return [
        {
          path,
          text: `is missing, and no template is known for the model ${questioner.model}; choose one of ${all}; or give its own chat template as chatTemplate`,
        },
      ]
    }
    const meant = nearest(questioner.template, templates.names)
    const hint = meant === null ? 'choose one of' : `did you mean "${meant}"? There are`
    return [{ path, text: `"${questioner.template}" is not in configs/model_configs.json; ${hint} ${all}` }]
  }
  const faults: ConfigFault[] = []
  if (stages.converse?.enabled === true && !template.takesFurtherTurns) {
    const why =
      file === undefined
        ? `does not say how an answer ends (assistant.close of the entry ${template.name}); add it`
        : 'names a template that does not write several turns alike; give another one'
    const text = `${why}, or set stages.converse.enabled to false: a follow-up question is written after an answer`
    faults.push({ path: file === undefined ? path : ['roles', 'questioner', 'chatTemplate'], text })
  }
  if (producer === null) return faults
  const { controlTask, system, choices } = producer
  if (!template.takesSystem && (system !== null || controlTask !== null)) {
    const field = system !== null ? 'system' : 'controlTask'
    const text = `has no place in the template ${template.name}; set system and controlTask to null, and steer by openers`
    faults.push({ path: ['producer', field], text })
  } else if (system === null && controlTask !== null && !template.controlTasks.includes(controlTask)) {
    const tasks = template.controlTasks.join(', ') || 'none'
    const text = `"${controlTask}" is no control task of the template ${template.name}; there are ${tasks}; or give your own text in producer.system`
    faults.push({ path: ['producer', 'controlTask'], text })
  }
  if (questioner.sampling.temperature === 0 && choices > 1) {
    const text = `is 0, so all ${choices} choices of a request would be one text (servers refuse it); raise it, or set producer.choices to 1`
    faults.push({ path: ['roles', 'questioner', 'sampling', 'temperature'], text })
  }
  return faults
}

/** Further turns go into SFT rows and nowhere else. */
function brokenConversation({ stages: { converse, curate } }: Sections): ConfigFault[] {
  if (converse?.enabled !== true || curate?.sft.enabled !== false) return []
  const text = 'is on, but stages.curate.sft is off, and further turns go into SFT rows alone; turn one of them round'
  return [{ path: ['stages', 'converse', 'enabled'], text }]
}

/** A key or a certificate that is named but not there would only be found out by the first refused call. */
function missingKeys(sections: Sections, work: Work, environment: Environment, folder: string): ConfigFault[] {
  const unset = (endpoints: readonly EndpointConfig[], path: ConfigPath): ConfigFault[] =>
    endpoints.flatMap((endpoint, index) =>
      readAccess(endpoint, environment, folder).faults.map((fault) => ({
        path: [...path, 'endpoints', index, ...fault.path],
        text: fault.text,
      })),
    )
  const roles = neededRoles(sections, work).flatMap(({ role }) =>
    unset(sections.roles[role]?.endpoints ?? [], ['roles', role]),
  )
  const { reward } = sections.stages
  const scores = reward?.enabled === true && (work.stages === null || work.stages.includes('reward'))
  const rewards = scores
    ? reward.rewards.flatMap((each, index) =>
        'endpoints' in each ? unset(each.endpoints, ['stages', 'reward', 'rewards', index]) : [],
      )
    : []
  const { screen } = sections.stages
  const embeddings = embeds(sections, work)
    ? unset(screen?.embeddings.endpoints ?? [], ['stages', 'screen', 'embeddings'])
    : []
  return [...roles, ...rewards, ...embeddings]
}

/** Whether this work asks for the vectors of problems. */
function embeds({ stages: { screen } }: Sections, work: Work): boolean {
  return screen?.embeddings.enabled === true && (work.stages === null || work.stages.includes('screen'))
}

function nothingToVerify({ stages: { answer, sample } }: Sections): ConfigFault[] {
  if (answer?.enabled !== false || sample?.enabled !== false) return []
  return [{ path: ['stages'], text: 'has answer and sample both off, so no problem would get a response; turn one on' }]
}

function brokenSampling({ roles, stages: { sample } }: Sections): ConfigFault[] {
  const faults: ConfigFault[] = []
  for (const [role, config] of Object.entries(roles)) {
    const budget = config?.continue?.maxTokens
    if (config === null || budget === undefined || budget > config.sampling.maxTokens) continue
    const text = `is ${budget}, so no text would ever go on: one call may have ${config.sampling.maxTokens} (sampling.maxTokens); raise the one or lower the other`
    faults.push({ path: ['roles', role, 'continue', 'maxTokens'], text })
  }
  const { sampler } = roles
  if (sampler?.fanOut === 'n' && sampler.sampling.temperature === 0 && sample !== null && sample.n > 1) {
    const text = 'is 0, so all samples of a request would be one text (servers refuse it); raise it'
    faults.push({ path: ['roles', 'sampler', 'sampling', 'temperature'], text })
  }
  return faults
}

function unreachableAccept({ accept, stages: { curate, reward, sample } }: Sections): ConfigFault[] {
  if (accept === null || curate === null) return []
  const faults: ConfigFault[] = []
  if (accept.sft !== null && !curate.sft.enabled) {
    faults.push({ path: ['accept', 'sft'], text: 'can never be reached: stages.curate.sft is off' })
  }
  const why = !curate.preference.enabled
    ? 'stages.curate.preference is off'
    : reward?.enabled === false
      ? 'stages.reward is off, and pairs are chosen by a reward'
      : sample?.enabled === false
        ? 'stages.sample is off, and one answer makes no pair'
        : null
  if (accept.preference !== null && why !== null) {
    faults.push({ path: ['accept', 'preference'], text: `can never be reached: ${why}` })
  }
  if (accept.sft === null && accept.preference === null) {
    faults.push({ path: ['accept'], text: 'asks for nothing; give sft or preference, or take accept out' })
  }
  return faults
}

/** Money that is not counted cannot end a run. */
function unpricedBudget(sections: Sections, work: Work): ConfigFault[] {
  if (sections.budget === null || sections.budget.usd === null) return []
  const { reward } = sections.stages
  const scores = reward?.enabled === true && (work.stages === null || work.stages.includes('reward'))
  const unpriced = [
    ...neededRoles(sections, work)
      .map(({ role }) => role)
      .filter((role) => {
        const config = sections.roles[role]
        return config !== undefined && config !== null && config.price === undefined
      })
      .map((role) => `roles.${role}`),
    ...(scores ? reward.rewards : [])
      .filter((each) => 'endpoints' in each && each.price === undefined)
      .map(({ name }) => `the reward ${name}`),
    ...(embeds(sections, work) && sections.stages.screen?.embeddings.price === undefined
      ? ['stages.screen.embeddings']
      : []),
  ]
  if (unpriced.length === 0) return []
  const text = `needs a price, and ${unpriced.join(', ')} ${unpriced.length === 1 ? 'has' : 'have'} none; give each one, as price: { per: gpu-hour, usd: 2.5, gpus: 8 }`
  return [{ path: ['budget', 'usd'], text }]
}

// The rules of curation by their names in the config (stages.curate.rules), in the order in which they are asked, and
// what the config says of them. A new rule is one line here.

import { z } from 'zod'
import type { Candidate } from './candidates.ts'
import type { Gate } from './gates.ts'
import { factsOf, type CurationRule } from './rule.ts'
import { difficulties, passRate, rewards, tags } from './rules/problem.ts'
import { controlTokens, length, openEnd, refusalPhrase, repetition, sameLanguage, unclosed } from './rules/text.ts'
import { boxed, thought, thoughtAgrees } from './rules/thought.ts'

export const RULES = {
  controlTokens,
  unclosed,
  openEnd,
  refusalPhrase,
  repetition,
  length,
  boxed,
  thought,
  thoughtAgrees,
  sameLanguage,
  tags,
  passRate,
  difficulties,
  rewards,
}

type RuleName = keyof typeof RULES

/** null or false: off. */
export type RuleSettings = {
  readonly [Name in RuleName]: (typeof RULES)[Name] extends CurationRule<infer Setting> ? Setting | null : never
}

/** Settings that stand in place of others; what is not named stays. */
export type RuleChanges = { readonly [Name in RuleName]?: RuleSettings[Name] | undefined }

const entries = Object.entries(RULES) as [RuleName, CurationRule<unknown>][]

/** Config of all rules, with their defaults. */
export const rulesConfig = z.strictObject(
  Object.fromEntries(
    entries.map(([name, { setting, initially, says }]) => [name, setting.nullable().default(initially).describe(says)]),
  ),
) as unknown as z.ZodType<RuleSettings, RuleChanges>

/** Config of changes to them for one use. */
export const ruleChangesConfig = z.strictObject(
  Object.fromEntries(entries.map(([name, { setting, says }]) => [name, setting.nullable().optional().describe(says)])),
) as unknown as z.ZodType<RuleChanges, RuleChanges>

/** The settings with some in place of others. */
export function changed(settings: RuleChanges, changes: RuleChanges): RuleChanges {
  const named = Object.entries(changes).filter(([, setting]) => setting !== undefined)
  return { ...settings, ...Object.fromEntries(named) }
}

/** The settings without the rules that ask for a good response. */
export function forRejected(settings: RuleChanges): RuleChanges {
  const kept = entries.filter(([, { sparesRejected }]) => sparesRejected !== true)
  return Object.fromEntries(kept.map(([name]) => [name, settings[name]]))
}

/** Gates by rule and setting: those that share one look at each candidate once, however often it is asked for. */
export type SharedGates = Map<string, Gate>

/** The rules that are on, as gates. */
export function gatesOf(settings: RuleChanges, shared: SharedGates = new Map()): Gate[] {
  return entries.flatMap(([name, candidateRule]) => {
    const setting: unknown = settings[name] ?? null
    if (setting === null || setting === false) return []
    const key = `${name} ${JSON.stringify(setting)}`
    const gate = shared.get(key) ?? gateOf(candidateRule, setting)
    shared.set(key, gate)
    return [gate]
  })
}

function gateOf(candidateRule: CurationRule<unknown>, setting: unknown): Gate {
  // Candidates of one problem are asked about again and again, and then never more.
  let problem: Candidate['problem'] | null = null
  let known = new Map<Candidate, string | null>()
  return {
    reason: candidateRule.reason,
    refuses(candidate) {
      if (candidate.problem !== problem) {
        problem = candidate.problem
        known = new Map()
      }
      const before = known.get(candidate)
      if (before !== undefined) return before
      const seen = candidateRule.seen(factsOf(candidate), setting)
      known.set(candidate, seen)
      return seen
    },
  }
}

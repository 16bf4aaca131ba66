// Chooses the preference pairs of a problem. Promises: both are complete, say a final answer and pass their rules;
// texts differ; value, margin and lengths are as asked for; no two pairs say the same; the order of the candidates
// makes no difference. Pairs of responses that no pair has yet come first, then those of the greatest margin. What is asked
// of two responses together counts responses only where it leaves no pair: those that could still have stood in one.

import { z } from 'zod'
import type { Verification } from '../../schemas/records.ts'
import { inOrder, type Candidate } from './candidates.ts'
import type { Choice, Refusal } from './choice.ts'
import { lengthOf } from './choose-answer.ts'
import { agreementGate, narrow, sumOf, WHOLE, type Gate } from './gates.ts'
import { ruleChangesConfig } from './rules.ts'
import { byProcess, byReward, byRewardUnlessWorse, correctness, processConfig, type Strategy } from './strategies.ts'

const ratio = z.number().positive().nullable().default(null)

export const pairChoiceConfig = z.strictObject({
  enabled: z.boolean().default(true),
  pairs: z
    .enum(['correctness', 'reward', 'process', 'correctness-then-reward'])
    .default('correctness')
    .describe(
      'correctness: right against wrong; reward: best against worst, whatever the verdicts; process: by the scores of steps; correctness-then-reward: where there are too few of the first, by reward, never a worse verdict over a better one',
    ),
  count: z.int().min(1).max(64).default(1).describe('Pairs of one problem at most'),
  margin: z.number().min(0).default(0).describe('Least difference between the two values; equal values never pair'),
  maxLengthRatio: ratio.describe(
    'The chosen one is at most so many times as long as the rejected one; null: any length',
  ),
  maxRejectedLengthRatio: ratio.describe('The rejected one is at most so many times as long as the chosen one'),
  process: processConfig.prefault({}).describe('What pairs: process goes by'),
  rules: ruleChangesConfig.prefault({}).describe('Rules for both sides of pairs, in place of those in curate.rules'),
  rejectedRules: ruleChangesConfig.prefault({}).describe('Rules for rejected responses alone, in place of both'),
})

type PairChoice = z.infer<typeof pairChoiceConfig>

export interface PairRules extends Omit<PairChoice, 'enabled' | 'rules' | 'rejectedRules'> {
  /** Name of the primary reward. */
  readonly reward: string
  readonly minAgreement: number
  /** Rules that are on for chosen responses. */
  readonly gates: readonly Gate[]
  readonly rejectedGates: readonly Gate[]
}

export interface Pair {
  readonly chosen: Candidate
  readonly rejected: Candidate
  readonly chosenValue: number
  readonly rejectedValue: number
  /** What the values are: the reward's name, or the measure of its steps. */
  readonly valueName: string
  readonly strategy: Strategy['name']
}

/** Returns the pairs, the first the best; or the refusal of the rule that left none. */
export function choosePairs(
  candidates: readonly Candidate[],
  verification: Verification,
  rules: PairRules,
): Choice<readonly Pair[]> {
  const whole = narrow(candidates.toSorted(inOrder), WHOLE, 2)
  if (whole.refusal !== null) {
    const detail = `${whole.kept.length} complete responses with a final answer; a pair needs two`
    return left({ reason: 'too-few-answers', detail }, whole.kept, whole.dropped)
  }
  const pools = poolsOf(whole.kept, rules)
  const dropped = sumOf(whole.dropped, pools.dropped)
  if (pools.refusal !== null) return { refusal: pools.refusal, dropped }
  const picked: Pair[] = []
  let none: NoPair | null = null
  for (const strategy of strategiesOf(verification, rules)) {
    const possible = possiblePairs(pools, strategy, verification, rules)
    if ('refusal' in possible) none = possible
    else pick(possible.pairs, rules.count, picked)
  }
  if (picked.length > 0 || none === null) return { chosen: picked, dropped }
  // A response that a rule keeps out of one side is counted there.
  const uncounted = none.out.filter((each) => pools.chosen.includes(each) && pools.rejected.includes(each))
  return left(none.refusal, uncounted, dropped)
}

/** No pair is left, and these responses count at what left none. */
function left(refusal: Refusal, out: readonly Candidate[], dropped: Readonly<Record<string, number>>): Choice<never> {
  return { refusal, dropped: out.length === 0 ? dropped : sumOf(dropped, { [refusal.reason]: out.length }) }
}

/** What left no pair, and the responses that it kept out. */
interface NoPair {
  readonly refusal: Refusal
  readonly out: readonly Candidate[]
}

function strategiesOf(verification: Verification, { pairs, reward, process }: PairRules): Strategy[] {
  switch (pairs) {
    case 'correctness':
      return [correctness(reward, verification)]
    case 'reward':
      return [byReward(reward)]
    case 'process':
      return [byProcess(process.reward ?? reward, process)]
    case 'correctness-then-reward':
      return [correctness(reward, verification), byRewardUnlessWorse(reward)]
  }
}

interface Pools {
  readonly chosen: readonly Candidate[]
  readonly rejected: readonly Candidate[]
}

/** Who may be chosen and who rejected by the rules. A response counts once: as not chosen, or else as not rejected. */
function poolsOf(
  candidates: readonly Candidate[],
  { gates, rejectedGates }: PairRules,
): Pools & { dropped: Record<string, number>; refusal: Refusal | null } {
  const chosen = narrow(candidates, gates, 1)
  const rejected = narrow(candidates, rejectedGates, 1)
  const dropped = sumOf(chosen.dropped, narrow(chosen.kept, rejectedGates, 0).dropped)
  const both = new Set([...chosen.kept, ...rejected.kept])
  const few =
    both.size >= 2 ? null : (narrow(candidates, gates, 2).refusal ?? narrow(candidates, rejectedGates, 2).refusal)
  return { chosen: chosen.kept, rejected: rejected.kept, dropped, refusal: chosen.refusal ?? rejected.refusal ?? few }
}

/** All pairs that a strategy and the rules allow, or the first rule behind which there is none. */
function possiblePairs(
  pools: Pools,
  strategy: Strategy,
  verification: Verification,
  rules: PairRules,
): { readonly pairs: readonly Pair[] } | NoPair {
  const { name, valueName, valueOf } = strategy
  const all = [...new Set([...pools.chosen, ...pools.rejected])]
  const values = new Map(
    all.flatMap((each) => {
      const value = valueOf(each)
      return value === null ? [] : [[each, value] as const]
    }),
  )
  if (values.size < 2) {
    const detail = `${values.size} responses have a value of reward ${valueName}; a pair needs two`
    return { refusal: { reason: 'no-reward', detail }, out: all.filter((each) => !values.has(each)) }
  }
  const vote = strategy.asksVote ? [agreementGate(verification, rules.minAgreement)] : []
  const valued = (pool: readonly Candidate[]): Candidate[] => pool.filter((each) => values.has(each))
  const mayBeChosen = valued(pools.chosen)
  const chosen = narrow(mayBeChosen, strategy.chosen, 1)
  if (chosen.refusal !== null) return { refusal: chosen.refusal, out: mayBeChosen }
  const mayBeRejected = valued(pools.rejected)
  const rejected = narrow(mayBeRejected, strategy.rejected, 1)
  if (rejected.refusal !== null) return { refusal: rejected.refusal, out: mayBeRejected }
  const voted = [...new Set([...chosen.kept, ...rejected.kept])]
  const weak = narrow(voted, vote, 1).refusal
  if (weak !== null) return { refusal: weak, out: voted }
  let pairs = chosen.kept.flatMap((better) =>
    rejected.kept.flatMap((worse): Pair[] =>
      better === worse
        ? []
        : [
            {
              ...{ chosen: better, rejected: worse, valueName, strategy: name },
              ...{ chosenValue: values.get(better)!, rejectedValue: values.get(worse)! },
            },
          ],
    ),
  )
  const meetings = strategy.meetings.map((meeting): PairFilter => ({
    reason: meeting.reason,
    told: () => meeting.detail,
    allows: (pair) => meeting.allows(pair.chosen, pair.rejected),
  }))
  for (const { reason, told, allows } of [...meetings, DIFFERENT_TEXTS, marginOf(rules), lengthsOf(rules)]) {
    const before = pairs
    pairs = before.filter(allows)
    if (pairs.length > 0) continue
    const out = [...new Set(before.flatMap((pair) => [pair.chosen, pair.rejected]))]
    return { refusal: { reason, detail: told(before) }, out }
  }
  return { pairs }
}

interface PairFilter {
  readonly reason: string
  /** What was seen where it allows none of these. */
  readonly told: (pairs: readonly Pair[]) => string
  readonly allows: (pair: Pair) => boolean
}

const DIFFERENT_TEXTS: PairFilter = {
  reason: 'same-text',
  told: () => 'all responses that could meet say the same',
  allows: ({ chosen, rejected }) => chosen.verdict.solution !== rejected.verdict.solution,
}

const difference = ({ chosenValue, rejectedValue }: Pair): number => chosenValue - rejectedValue

function marginOf({ margin }: PairRules): PairFilter {
  return {
    reason: 'margin-too-small',
    told(pairs) {
      const greatest = pairs.reduce((most, pair) => Math.max(most, difference(pair)), -Infinity)
      return `${pairs[0]?.valueName ?? ''}: greatest margin ${greatest}; ${margin} and more than 0 is asked for`
    },
    allows: (pair) => difference(pair) > 0 && difference(pair) >= margin,
  }
}

const withinTimes = (length: number, other: number, times: number | null): boolean =>
  times === null || length <= other * times

function lengthsOf({ maxLengthRatio, maxRejectedLengthRatio }: PairRules): PairFilter {
  return {
    reason: 'length-ratio',
    told: (pairs) =>
      `${pairs.length} pairs differ too much in length; chosen is at most ${maxLengthRatio ?? 'any'}, rejected at most ${maxRejectedLengthRatio ?? 'any'} times as long as the other`,
    allows: ({ chosen, rejected }) => {
      const [better, worse] = [lengthOf(chosen), lengthOf(rejected)]
      return withinTimes(better, worse, maxLengthRatio) && withinTimes(worse, better, maxRejectedLengthRatio)
    },
  }
}

/** Adds pairs until there are so many: of responses that are in no pair yet, then of the greatest margin. */
function pick(possible: readonly Pair[], count: number, picked: Pair[]): void {
  const uses = new Map<Candidate, number>()
  const used = ({ chosen, rejected }: Pair): number => (uses.get(chosen) ?? 0) + (uses.get(rejected) ?? 0)
  const note = ({ chosen, rejected }: Pair): void => {
    for (const each of [chosen, rejected]) uses.set(each, (uses.get(each) ?? 0) + 1)
  }
  picked.forEach(note)
  const isTaken = (pair: Pair): boolean =>
    picked.some(
      ({ chosen, rejected }) =>
        chosen.verdict.solution === pair.chosen.verdict.solution &&
        rejected.verdict.solution === pair.rejected.verdict.solution,
    )
  while (picked.length < count) {
    let next: Pair | null = null
    for (const pair of possible) {
      if (next !== null && comesFirst(next, pair, used) <= 0) continue
      if (!isTaken(pair)) next = pair
    }
    if (next === null) return
    picked.push(next)
    note(next)
  }
}

/** Negative where the one comes before the other. Ties: the earlier response is chosen, the later one rejected. */
function comesFirst(one: Pair, other: Pair, used: (pair: Pair) => number): number {
  return (
    used(one) - used(other) ||
    difference(other) - difference(one) ||
    inOrder(one.chosen, other.chosen) ||
    inOrder(other.rejected, one.rejected)
  )
}

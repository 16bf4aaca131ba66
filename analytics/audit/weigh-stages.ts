// Weighs the problems of a pass: at each stage, what went in against what came out. Everything that was got and has no
// end, and that the stage's group says it has finished, is missing; two different ends are one too many.

import { idOfWords } from '../../schemas/id-map.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { ENDERS, ENDS, enderOf, EXPECTED, OPEN, OWES_PAIR, OWES_SFT, PLACE, SEEN, SINKS, topicBit } from './entry.ts'
import type { FaultKind } from './contract.ts'
import type { AuditedRun } from './find-run.ts'
import { seenAt } from './pass.ts'
import type { Pass } from './pass.ts'
import type { StageSum, Sums } from './sums.ts'

const ROWS = topicBit('sft') | topicBit('preferences')
const PRODUCED = 1 << enderOf('magpie')

type WeighedRun = Pick<AuditedRun, 'planned'>

const outOf = (to: TopicName): number => (to === 'sft' ? ROWS : topicBit(to))

/** Adds up one pass. isOver: the run has finished, so what was not begun is missing. */
export function weighStages(pass: Pass, run: WeighedRun, isOver: boolean, sums: Sums): void {
  const { planned } = run
  applyLetters(pass, run, sums)
  for (const [stage, count] of pass.repeats) {
    sums.repeats += count
    const sum =
      sums.stages.get(stage) ?? (enderOf(stage) === enderOf('magpie') ? sums.stages.get('produce') : undefined)
    if (sum !== undefined) sum.repeats += count
  }
  const again = sentAgain(pass)
  const words = pass.problems.words()
  const steps = planned.map(({ name, from, to }) => ({
    name,
    in: topicBit(from),
    out: outOf(to),
    ender: 1 << enderOf(name),
    sum: sums.stages.get(name)!,
  }))
  const produce = sums.stages.get('produce') ?? null
  const goal = outOf(planned.at(-1)?.to ?? 'sft')
  for (const at of pass.problems.entries()) {
    const [seen, open] = [words[at + SEEN]!, words[at + OPEN]!]
    const [rejected, dead] = [words[at + ENDS]! & 0xffff, words[at + ENDS]! >>> 16]
    let isMissing = false
    const add: Add = (stage, kind, says) => {
      if (kind === 'missing') isMissing = true
      const id = idOfWords(words, at)
      sums.faults.add(stage, kind, id, () => ({ says, seen: seenAt(pass, words, at + PLACE) }))
    }

    if (produce !== null) weighProduced(produce, { seen, isRefused: (rejected & PRODUCED) !== 0, isOver }, add)
    for (const step of steps) {
      const isIn = (seen & step.in) !== 0
      const ends = [(seen & step.out) !== 0, (rejected & step.ender) !== 0, (dead & step.ender) !== 0] as const
      const count = Number(ends[0]) + Number(ends[1]) + Number(ends[2])
      if (!isIn && count === 0) continue
      countEnds(step.sum, isIn, ends)
      if (!isIn) add(step.name, 'stray', `${told(step.name, ends)}, and never came to it`)
      else if (count === 0) {
        if ((open & step.in) !== 0) step.sum.inFlight += 1
        else
          add(step.name, 'missing', 'the stage has finished it, and it has neither output, rejection nor dead letter')
      } else if (count > 1) add(step.name, 'doubled', told(step.name, ends))
      if (step.out === ROWS && (open & step.in) === 0) {
        if ((open & OWES_SFT) !== 0 && (seen & topicBit('sft')) === 0)
          add(step.name, 'missing', 'its preference row says that it has an SFT row, and it has none')
        if ((open & OWES_PAIR) !== 0 && (seen & topicBit('preferences')) === 0)
          add(step.name, 'missing', 'its SFT row says that it has a preference row, and it has none')
      }
    }
    weighWhole(pass, { at, goal, rejected, dead, isMissing, isOverdue: isOver && !again.has(at) }, sums)
  }
}

type Add = (stage: string, kind: FaultKind, says: string) => void

/** What the producer made of a slot or line. */
function weighProduced(
  produce: StageSum,
  { seen, isRefused, isOver }: { readonly seen: number; readonly isRefused: boolean; readonly isOver: boolean },
  add: Add,
): void {
  const isBegun = (seen & EXPECTED) !== 0
  const isOut = (seen & topicBit('problems')) !== 0
  if (isBegun) {
    produce.in += 1
    if (!isOut && !isRefused) {
      if (isOver) add('produce', 'missing', 'its slot or line has neither a problem nor a rejection')
      else produce.inFlight += 1
    }
  } else if (isOut) {
    add('produce', 'stray', 'its id follows from no slot or line of the run')
  }
  if (isOut) produce.out += 1
  if (isRefused) produce.rejected += 1
  if (isOut && isRefused) add('produce', 'doubled', 'on problems, and rejected by the producer')
}

type EndsOfStage = readonly [isOut: boolean, isRejected: boolean, isDead: boolean]

function countEnds(sum: StageSum, isIn: boolean, [isOut, isRejected, isDead]: EndsOfStage): void {
  if (isIn) sum.in += 1
  if (isOut) sum.out += 1
  if (isRejected) sum.rejected += 1
  if (isDead) sum.dead += 1
}

function told(stage: string, [isOut, isRejected, isDead]: EndsOfStage): string {
  return [
    ...(isOut ? [`sent on by ${stage}`] : []),
    ...(isRejected ? [`rejected by ${stage}`] : []),
    ...(isDead ? [`a dead letter of ${stage}`] : []),
  ].join(', and ')
}

interface Weighed {
  readonly at: number
  /** Bits of what the last stage sends on. */
  readonly goal: number
  readonly rejected: number
  readonly dead: number
  readonly isMissing: boolean
  /** If it has no end: nothing says why. */
  readonly isOverdue: boolean
}

/** How the problem ended over the whole way; an end at a stage that the run does not have is a second one or a stray. */
function weighWhole(pass: Pass, { at, goal, rejected, dead, isMissing, isOverdue }: Weighed, sums: Sums): void {
  const words = pass.problems.words()
  const seen = words[at + SEEN]!
  const isKnown = (seen & (EXPECTED | topicBit('problems'))) !== 0
  if (isKnown) sums.problems.begun += 1
  const isAccepted = (seen & goal) !== 0
  if (isAccepted) sums.problems.accepted += 1
  else if (rejected !== 0) sums.problems.rejected += 1
  else if (dead !== 0) sums.problems.dead += 1
  else if (isKnown && !isMissing) {
    sums.problems.inFlight += 1
    if (isOverdue) sums.overdue += 1
  }
  for (const [ender, name] of ENDERS.entries()) {
    if (sums.stages.has(name) || ((rejected | dead) & (1 << ender)) === 0) continue
    sums.faults.add(name, 'stray', idOfWords(words, at), () => ({
      says: `ended by ${name}, which this run does not have`,
      seen: seenAt(pass, words, at + PLACE),
    }))
  }
}

/** Entries of the problems that were sent on their way again out of a dead letter. */
function sentAgain({ letters, problems }: Pass): Set<number> {
  const again = new Set<number>()
  for (const letter of letters.all())
    if (letter.problem !== null && letters.isRedriven(letter)) again.add(problems.find(letter.problem))
  return again
}

/**
 * Dead letters that were not redriven become ends. What stands for no problem is weighed by its place, and its letter
 * with it; but bytes that cannot be read, where the record of a problem should be, are that record.
 */
function applyLetters(pass: Pass, { planned }: WeighedRun, sums: Sums): void {
  const readers = new Map<TopicName, { stage: string; before: number }>()
  let before = EXPECTED
  for (const { name, from } of planned) {
    readers.set(from, { stage: name, before })
    before = topicBit(from)
  }
  const strangers = new Set<string>()
  for (const { topic, partition, offset, problem, isOpen } of pass.foreign) {
    const reader = readers.get(topic)
    const at = problem === null ? -1 : pass.problems.find(problem)
    const words = pass.problems.words()
    if (reader !== undefined && at !== -1) {
      const seen = words[at + SEEN]!
      if ((seen & reader.before) !== 0 && (seen & topicBit(topic)) === 0) {
        words[at + SEEN]! |= topicBit(topic)
        if (isOpen) words[at + OPEN]! |= topicBit(topic)
        continue
      }
    }
    const place = `${topic}/${partition}/${offset}`
    strangers.add(place)
    const taker = reader?.stage ?? 'clickhouse'
    const isBuried = pass.letters.of(topic, partition, offset).some(({ stage }) => stage === taker)
    const sum = sums.stages.get(taker)
    if (sum !== undefined) {
      sum.in += 1
      if (isBuried) sum.dead += 1
      else if (isOpen) sum.inFlight += 1
    }
    const where = sum === undefined ? `table ${topic}` : taker
    if (isBuried || isOpen || (sum === undefined && !sums.stores.has(where))) continue
    const named = `${pass.nameOf(topic)}/${partition}/${offset}`
    sums.faults.add(where, 'missing', named, () => ({
      says: 'a message of no problem, without a dead letter',
      seen: named,
    }))
  }
  for (const letter of pass.letters.all()) {
    if (letter.problem === null || SINKS.has(letter.stage) || pass.letters.isRedriven(letter)) continue
    if (strangers.has(`${letter.topic}/${letter.partition}/${letter.offset}`)) continue
    const at = pass.problems.take(letter.problem)
    pass.problems.words()[at + ENDS]! |= 0x10000 << enderOf(letter.stage)
  }
}

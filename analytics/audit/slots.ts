// What a producer should have begun, so that a slot without a problem is seen. Of a generated run every id follows from
// slot and choice: all choices of all slots up to the furthest that the log has, and up to the total where the run has
// finished by it. Of a file the ids follow from its lines, so they are only known with the file at hand; without it, the
// lines are those that the log has.
//
// A slot that was begun and came to nothing is no gap in a run that has not finished: its request had no answer yet
// when the process ended, nothing of it was acknowledged, and the next start makes it first.

import type { Config } from '../../configs/schema.ts'
import { numberedLines } from '../../producers/jsonl.ts'
import { idWords } from '../../schemas/id-map.ts'
import { problemId } from '../../schemas/ids.ts'
import { ENDS, enderOf, EXPECTED, SEEN, topicBit } from './entry.ts'
import { isIn } from './pass.ts'
import type { Furthest, Pass } from './pass.ts'

export interface SlotParts {
  readonly runId: string
  readonly config: Config
  /** The run has finished. */
  readonly isOver: boolean
  /** How far the producer has come, by all shares. */
  readonly furthest: Furthest
  readonly input: string | undefined
}

const PRODUCED = 1 << enderOf('magpie')

/** Marks what was to be begun among the ids of a pass, and makes entries for what is not there at all. */
export async function expectSlots(parts: SlotParts, pass: Pass): Promise<void> {
  const { furthest, input } = parts
  if (input !== undefined) await expectLines(parts, input, pass)
  else if (furthest.source === 'magpie') expectChoices(parts, pass)
  else expectWhatIs(pass)
}

function expectChoices({ runId, config, furthest }: SlotParts, pass: Pass): void {
  const key = new Uint32Array(4)
  for (let slot = 0; slot <= furthest.slot; slot += 1) {
    // More choices than are asked for now may be of an earlier start; fewer were filled up.
    const choices = slot === furthest.slot ? furthest.choice + 1 : Math.max(config.producer.choices, furthest.choices)
    for (let choice = 0; choice < choices; choice += 1) {
      key.set(idWords(problemId(runId, slot, choice)))
      if (!isIn(pass.share, key)) continue
      const isAsked = slot === furthest.slot || choice < config.producer.choices
      const at = isAsked ? pass.problems.take(key) : pass.problems.find(key)
      if (at !== -1) pass.problems.words()[at + SEEN]! |= EXPECTED
    }
  }
  // Refused slots behind the furthest problem are ends of their own.
  const words = pass.problems.words()
  for (const at of pass.problems.entries()) if ((words[at + ENDS]! & PRODUCED) !== 0) words[at + SEEN]! |= EXPECTED
}

/** Ids that follow behind the furthest, for a total that was not reached though the run has finished: so many. */
export function* choicesBehind(
  { runId, config, furthest }: Pick<SlotParts, 'runId' | 'config' | 'furthest'>,
  count: number,
): Generator<string> {
  let [slot, choice] = [Math.max(0, furthest.slot), furthest.choice + 1]
  for (let made = 0; made < count; made += 1, choice += 1) {
    if (choice >= config.producer.choices) [slot, choice] = [slot + 1, 0]
    yield problemId(runId, slot, choice)
  }
}

async function expectLines({ runId, config, isOver, furthest }: SlotParts, input: string, pass: Pass): Promise<void> {
  const key = new Uint32Array(4)
  // A run that was asked for less than the file, or has not finished, owes what it has passed.
  const owesAll = isOver && config.total === null && config.accept === null
  for await (const { line, id } of numberedLines(input, runId)) {
    if (!owesAll && line.number - 1 > furthest.slot) break
    key.set(idWords(id))
    if (!isIn(pass.share, key)) continue
    const at = pass.problems.take(key)
    pass.problems.words()[at + SEEN]! |= EXPECTED
  }
}

function expectWhatIs(pass: Pass): void {
  const words = pass.problems.words()
  const onLog = topicBit('problems')
  for (const at of pass.problems.entries())
    if ((words[at + SEEN]! & onLog) !== 0 || (words[at + ENDS]! & PRODUCED) !== 0) words[at + SEEN]! |= EXPECTED
}

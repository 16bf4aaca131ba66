// A small run that has something to say to every question: two templates and models, two engines, three hours, refusals,
// a failure, duplicates, rewards that agree with verdicts more and less, a judge, a conversation, and a second revision.

import type { Codec } from '../../schemas/codec.ts'
import type { Rewarded } from '../../schemas/records.ts'
import type { Delivered } from '../../stream/delivered.ts'
import {
  conversed,
  deadLetter,
  EPOCH,
  generation,
  judged,
  message,
  preference,
  problem,
  rejection,
  rewarded,
  runRecord,
  runStart,
  sft,
} from './rows.ts'

/** The second revision: `strict`. */
export const STRICT = 'strict'
/** Problems that came to the end of their models; 9 was refused before, 10 failed, 11 is on its way. */
export const JUDGED = 9

const QUARTER_HOUR = 900_000
const at = (slot: number): number => EPOCH + slot * QUARTER_HOUR

/** A problem of slot 0 to 11: even and odd slots come from two questioners. */
function questioned(slot: number) {
  const [template, model] = slot % 2 === 0 ? ['qwen2.5-math', 'Org/q'] : ['llama-3', 'Org/l']
  const call = generation({ role: 'questioner', template, model, promptTokens: 5, completionTokens: 30 + slot })
  return problem(slot, { createdAt: at(slot), opener: slot % 2 === 0 ? 'What' : 'Find', generation: call })
}

/** Its record with answers, verdicts and two rewards: rm follows the verdicts on the whole, noise does not. */
export function judgedRecord(slot: number, revision = 'main'): Rewarded {
  const base = slot === 1 ? judged(slot) : rewarded(slot)
  const isStrict = revision === STRICT
  const verdicts = base.verification.verdicts.map((verdict, index) => ({
    ...verdict,
    verdict: (slot + index + (isStrict && index === 1 ? 1 : 0)) % 3 === 0 ? ('different' as const) : ('equal' as const),
  }))
  const responses = [base.answer!, ...base.samples].map((response, index) => ({
    ...response,
    generation: {
      ...response.generation,
      endpoint: `http://gpu-${index % 2}:8000/v1`,
      milliseconds: 1000 * (1 + (index % 2)),
      completionTokens: 100 + 40 * ((slot + index) % 8),
      attempts: slot === 0 && index === 3 ? 3 : 1,
      finishReason: index === 8 ? ('length' as const) : ('stop' as const),
    },
  }))
  const template = base.rewards.find(({ name }) => name === 'rm')!
  const scores = verdicts.flatMap(({ responseId, verdict }, index) => {
    const chance = ((slot * 7 + index * 13) % 20) / 20
    const shared = { ...template, responseId, error: null }
    const rm = chance + (verdict === 'equal' ? 0.5 : 0) + (isStrict && index === 2 ? 0.125 : 0)
    return [
      { ...shared, name: 'rm', value: rm },
      { ...shared, name: 'noise', value: chance },
    ]
  })
  return {
    ...base,
    revision,
    createdAt: at(slot) + (isStrict ? 100 * QUARTER_HOUR : 60_000),
    problem: questioned(slot),
    tags: {
      ...base.tags!,
      category: slot % 2 === 0 ? 'algebra' : 'geometry',
      difficulty: slot % 3 === 0 ? 'hard' : 'easy',
    },
    answer: responses[0]!,
    samples: responses.slice(1),
    verification: {
      ...base.verification,
      verdicts,
      passRate: verdicts.filter(({ verdict }) => verdict === 'equal').length / verdicts.length,
    },
    rewards: scores,
  }
}

/** What the topics of `main` hold. */
export function mainMessages(codec: Codec): Delivered[] {
  const messages: Delivered[] = [
    message(codec, 'runs', 'RunRecord', runRecord('running', 0), 0),
    message(codec, 'starts', 'RunStart', runStart(0), 0),
  ]
  for (let slot = 0; slot < 12; slot += 1) {
    messages.push(message(codec, 'problems', 'Problem', questioned(slot), slot))
    if (slot >= JUDGED) continue
    const record = judgedRecord(slot)
    messages.push(message(codec, 'rewarded', 'Rewarded', record, slot))
    const over = { createdAt: at(slot) + 90_000 }
    if (slot === 0) {
      const { conversation } = conversed(slot)
      messages.push(message(codec, 'conversed', 'Conversed', { ...record, conversation }, slot))
    }
    const category = slot % 2 === 0 ? 'algebra' : 'geometry'
    if (slot < 6) messages.push(message(codec, 'sft', 'SftRecord', sft(slot, { ...over, category }), slot))
    if (slot < 5) messages.push(message(codec, 'preferences', 'PreferenceRecord', preference(slot, over), slot))
    if (slot >= 6) messages.push(message(codec, 'rejections', 'Rejection', refused(slot, 'main', over.createdAt), slot))
  }
  messages.push(
    message(codec, 'rejections', 'Rejection', rejection(9, { createdAt: at(9) + 1000 }), 9),
    deadLetter(10, at(10)),
  )
  return messages
}

/** What those of the second revision hold: fewer records, other verdicts. */
export function strictMessages(codec: Codec): Delivered[] {
  return Array.from({ length: JUDGED }, (_, slot) => {
    const record = judgedRecord(slot, STRICT)
    const over = { revision: STRICT, createdAt: record.createdAt + 1000 }
    const end =
      slot < 3
        ? message(codec, `sft.${STRICT}`, 'SftRecord', sft(slot, over), slot)
        : message(codec, `rejections.${STRICT}`, 'Rejection', refused(slot, STRICT, over.createdAt), 100 + slot)
    return [message(codec, `rewarded.${STRICT}`, 'Rewarded', record, slot), end]
  }).flat()
}

function refused(slot: number, revision: string, createdAt: number) {
  const curation = {
    sftRefusal: 'low-reward',
    pairRefusal: 'no-margin',
    sftDropped: { 'low-reward': 4 },
    pairDropped: {},
  }
  const why = { stage: 'curate', reason: 'low-reward', topic: 'rewarded' as const, collidedWith: null, curation }
  return rejection(slot, { ...why, revision, createdAt })
}

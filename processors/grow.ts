// One record grows, and a stage that is switched off leaves its part out. This is the one place that knows what
// the part of a missing stage looks like: null, or an empty list. Nothing that a record already holds is touched.

import type {
  Answered,
  Conversed,
  Envelope,
  Judged,
  Rewarded,
  Sampled,
  Screened,
  Tagged,
  Verified,
} from '../schemas/records.ts'

/** A record with the labels' place, empty where no tag stage ran. */
export function asTagged(record: Screened | Tagged): Tagged {
  return 'tags' in record ? record : { ...record, tags: null }
}

/** A record with the answer's place, empty where no answer stage ran. */
export function asAnswered(record: Screened | Tagged | Answered): Answered {
  return 'answer' in record ? record : { ...asTagged(record), answer: null }
}

/** A record with the samples' place, empty where no sample stage ran. */
export function asSampled(record: Screened | Tagged | Answered | Sampled): Sampled {
  return 'samples' in record ? record : { ...asAnswered(record), samples: [] }
}

/** A verified record with the judge's place, empty where no judge stage ran. */
export function asJudged(record: Verified | Judged): Judged {
  return 'judging' in record ? record : { ...record, judging: null }
}

/** A verified record with the rewards' place, empty where no reward stage ran. */
export function asRewarded(record: Verified | Judged | Rewarded): Rewarded {
  return 'rewards' in record ? record : { ...asJudged(record), rewards: [] }
}

/** A rewarded record with the conversation's place, empty where no converse stage ran. */
export function asConversed(record: Verified | Judged | Rewarded | Conversed): Conversed {
  return 'conversation' in record ? record : { ...asRewarded(record), conversation: null }
}

/** The envelope of what a stage makes of a record: same problem, run and revision, made now. */
export function envelopeOf(record: Envelope, now: number): Envelope {
  return { id: record.id, runId: record.runId, revision: record.revision, createdAt: now }
}

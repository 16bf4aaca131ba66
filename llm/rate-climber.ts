// Finds out how many sequences an engine carries from nothing but its answers, for engines that do not tell their
// queue. Promises: only what was measured with the limit in use is believed; one level is compared with another, never
// with a time that is known from before (the time of an answer varies a hundredfold with its length).
//
// While fewer sequences are in flight than the engine has slots, the rate of answers grows with their number; from
// there on it stays. So with rates X at two levels, low < slots ≤ high: slots = low × X(high) / X(low). The climber
// doubles until the rate follows no more and keeps a small queue above its estimate. At growing intervals it looks
// above (does the rate follow?) and below (how far does it fall?), each for a while. By Little's law X × time in the
// engine = sequences in flight; the rate is counted over whole windows, so long and short answers weigh as they should.

export interface Answered {
  readonly sequences: number
  readonly now: number
  /** The limit that is in force. */
  readonly limit: number
}

export interface Wish {
  readonly level: number
  readonly reason: string
}

export interface RateClimber {
  /** A call waits that only the limit keeps back: the limit is in use. */
  wanted(): void
  /** null: stay. */
  answered(call: Answered): Wish | null
  /** Begins anew from this level. */
  restart(limit: number): void
}

/** Sequences for each slot of the estimate: the small queue. */
const QUEUE = 1.08
/** In the ramp the rate must follow a doubling at least so far, else the slots are full. */
const FOLLOWED = 1.6
/** A look above goes up to this share of the level, and its rate must follow so far to be believed. */
const ABOVE = 1.3
const ABOVE_FOLLOWED = 1.15
/** A look below goes down to this share; its rate must fall so far, else the slots are full there too. */
const BELOW = 0.7
const BELOW_FELL = 1.06
/** A window begins when what was in flight has been answered so often: answers that began before are through. */
const SETTLE = 1.5
/** Looks are at most so many windows apart. */
const LONGEST_REST = 64

type Phase = 'ramp' | 'hold' | 'above' | 'below'

interface Rate {
  readonly level: number
  /** Sequences a millisecond, the mean over so many windows. */
  readonly rate: number
  readonly windows: number
}

/** A climber that begins at this level. */
export function createRateClimber(start: number): RateClimber {
  let phase: Phase = 'ramp'
  let level = start
  /** Sequences answered since the level was reached, until a window began. */
  let turned = 0
  let counted = 0
  let windowAt: number | null = null
  let answers = 0
  let wantedAt = 0
  let here: Rate | null = null
  /** The level that a look is compared with. */
  let base: Rate | null = null
  let estimate: number | null = null
  let rest = 1
  let next: 'above' | 'below' = 'above'

  const begin = (limit: number): void => {
    level = limit
    turned = 0
    counted = 0
    windowAt = null
    here = null
  }

  /** Sequences that make a window: the spread of a rate is about 1 / √sequences. */
  const enough = (): number =>
    phase === 'ramp' ? Math.max(32, Math.min(level, 400)) : Math.max(500, Math.min(4 * level, 1500))

  const holdAt = (slots: number): Wish => {
    estimate = estimate === null || Math.abs(slots / estimate - 1) > 0.35 ? slots : estimate + (slots - estimate) * 0.4
    phase = 'hold'
    base = null
    const reason = `the rate of answers says ${Math.round(estimate)} slots`
    return { level: Math.max(2, Math.round(estimate * QUEUE)), reason }
  }

  const stayAt = (there: number, reason: string, looksSoon: boolean): Wish => {
    phase = 'hold'
    base = null
    if (looksSoon) {
      rest = 1
      estimate = null
    }
    return { level: there, reason }
  }

  const decide = (measured: Rate): Wish | null => {
    const ratio = base === null ? null : measured.rate / base.rate
    switch (phase) {
      case 'ramp': {
        if (base !== null && ratio! < FOLLOWED) {
          // One window may be chance.
          if (measured.windows < 2) return null
          next = 'above'
          return holdAt(base.level * Math.max(1, ratio!))
        }
        base = measured
        return { level: level * 2, reason: 'ramp: the rate of answers follows' }
      }
      case 'hold':
        if (measured.windows < rest) return null
        base = measured
        phase = next
        next = phase === 'above' ? 'below' : 'above'
        if (phase === 'above') return { level: Math.ceil(level * ABOVE) + 1, reason: 'a look at the rate above' }
        rest = Math.min(LONGEST_REST, rest * 2)
        return { level: Math.max(1, Math.floor(level * BELOW)), reason: 'a look at the rate below' }
      case 'above':
        if (ratio! < ABOVE_FOLLOWED) return stayAt(base!.level, 'the rate of answers does not follow', false)
        next = 'above'
        return stayAt(level, 'the rate of answers follows', true)
      case 'below': {
        const fell = 1 / ratio!
        if (fell < BELOW_FELL) return stayAt(level, 'the rate of answers is the same with fewer', true)
        return holdAt(Math.min(base!.level, level * fell))
      }
    }
  }

  return {
    wanted: () => {
      wantedAt = answers
    },
    answered: ({ sequences, now, limit }) => {
      answers += 1
      if (limit !== level) begin(limit)
      // With the limit not in use, the rate says how much work there was, not what the engine can do.
      if (answers - wantedAt > Math.max(4, level / 8)) {
        begin(limit)
        return null
      }
      if (windowAt === null) {
        turned += sequences
        if (turned >= SETTLE * level) windowAt = now
        return null
      }
      counted += sequences
      if (counted < enough() || now <= windowAt) return null
      const rate = counted / (now - windowAt)
      const windows: number = (here?.windows ?? 0) + 1
      here = { level, windows, rate: here === null ? rate : here.rate + (rate - here.rate) / windows }
      counted = 0
      windowAt = now
      const wish = decide(here)
      if (wish !== null) begin(wish.level)
      return wish
    },
    restart: (limit) => {
      phase = 'ramp'
      next = 'above'
      base = null
      estimate = null
      rest = 1
      begin(limit)
    },
  }
}

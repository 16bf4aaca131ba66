// How large a share of its calls an engine refuses as too many (429, 503). Promises: a stray refusal among hundreds of
// answers (a gateway that loses one now and then) says nothing about what the engine can carry; several in a row do.

export interface RefusalShare {
  answered(): void
  /** Notes a refusal; true when refusals are more than strays, so that they concern the whole engine. */
  refused(): boolean
}

/** Weight of the newest outcome: one refusal stays below the mark, and two; three in a row pass it. */
const NEWEST = 1 / 32
const MARK = 0.08
/** Before so many outcomes every refusal counts: at the start they come at once. */
const ENOUGH = 32

export function createRefusalShare(): RefusalShare {
  let share = 0
  let outcomes = 0
  const note = (outcome: 0 | 1): void => {
    outcomes += 1
    share += (outcome - share) * NEWEST
  }
  return {
    answered: () => {
      note(0)
    },
    refused: () => {
      note(1)
      return outcomes < ENOUGH || share >= MARK
    },
  }
}

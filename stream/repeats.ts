// Knows a message that is on the topic a second time: one that was sent again because the broker's answer was lost, or
// by a member that was cut off in the middle of a request. Such a message lies near the first, so a window will do.

/** Ids that are remembered at least. A repeat comes with the next requests, and one request has at most 2,000. */
const WINDOW = 10_000

/** Returns a function that says whether an id was told among the last ones. */
export function createRepeats(window = WINDOW): (id: string) => boolean {
  let recent = new Set<string>()
  let before = new Set<string>()
  return (id) => {
    const isRepeat = recent.has(id) || before.has(id)
    recent.add(id)
    if (recent.size >= window) {
      before = recent
      recent = new Set()
    }
    return isRepeat
  }
}

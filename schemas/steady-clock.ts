// The time of day for everything that is compared later: it is read once, when the process starts, and goes on by the
// machine's steady clock. Promise: it never runs backwards and never jumps, whatever is done to the wall clock.

/** Milliseconds since 1970 UTC, whole. */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}

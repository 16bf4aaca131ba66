// The name that an answer is remembered by. Promise: whatever may change the answer changes the name (model, sampling,
// seed, every message), what may not (endpoint, limits, priority, prices) does not.

import { createHash } from 'node:crypto'

/** Counts up whenever what is kept of an answer changes its shape: older answers are then asked for again. */
const SHAPE = 1

/** 128 bits (hex) of a SHA-256 over what is asked, as JSON. */
export function callName(asks: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([SHAPE, ...asks]))
    .digest('hex')
    .slice(0, 32)
}

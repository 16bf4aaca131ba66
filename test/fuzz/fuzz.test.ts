// A few inputs for every fuzz target: what a longer run (`npm run fuzz`) goes on with.

import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TARGETS } from './targets.ts'

describe('fuzz', () => {
  for (const { name, property, runs } of TARGETS) {
    it(`${name}: ${runs} inputs`, async () => {
      await fc.assert(property, { numRuns: runs })
    })
  }
})

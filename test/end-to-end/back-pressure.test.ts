// A stage that is far too slow behind one that is fast: nothing that waits grows past the bound that the config gives
// it. The short form of bench/back-pressure.ts (docs/back-pressure.md); what is held here are bounds, not times.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { measurePressure } from '../../bench/pressure.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { openWorkshop } from '../support/end-to-end.ts'

let workshop: Workshop
before(async () => {
  workshop = await openWorkshop()
})
after(async () => {
  await workshop.close()
  // On a busy machine a client of kafkajs has stayed open behind the end of a run, and with it this process.
  setTimeout(() => process.exit(), 10_000).unref()
})

it('holds every queue and the lag of every topic under its bound', async () => {
  const fast = await workshop.serve({ slots: 256, medianMs: 5 })
  const slow = await workshop.serve({ slots: 4, medianMs: 200, sigma: 0 })
  const { bounds, problems } = await measurePressure({
    ...{ brokers: workshop.brokers, folder: workshop.folder, fastUrl: fast.url, slowUrl: slow.url },
    ...{ samples: 2, maxWaiting: 120, milliseconds: 20_000 },
  })
  assert.ok(problems >= 120, `the producer filled the house: ${problems}`)
  // Memory has its bench: this process holds the simulators and the test runner too.
  const queues = bounds.filter(({ name }) => !name.includes('memory') && !name.startsWith('heap'))
  for (const place of ['problems on their way', 'sample: at work', 'lag of sample', 'model calls that wait for a slot'])
    assert.ok((queues.find(({ name }) => name === place)?.most ?? 0) > 0, `${place} was looked at`)
  assert.deepEqual(
    queues.filter(({ most, bound }) => most > bound),
    [],
  )
})

// kill -9 of the one worker at 20 random moments of one run, during its start and in the middle of its calls.

import { createDice } from '../../../local/engine/random.ts'
import type { Ground } from '../ground.ts'
import type { Played, Scenario } from '../scenario.ts'

const TOTAL = 40
const KILLS = 20
/** At most so many calls are answered from one kill to the next. */
const STRIDE = 24
/** Chosen once: the same moments in every run. */
const SEED = 20

export const killWorker: Scenario = {
  fault: 'kill -9 of the worker at random moments',
  form: 'long',
  broker: 'shared',
  play: (ground) => killAtRandom(ground, KILLS),
}

export const killWorkerShort: Scenario = {
  fault: 'kill -9 of the worker at random moments, few',
  form: 'short',
  broker: 'shared',
  play: (ground) => killAtRandom(ground, 3),
}

async function killAtRandom(ground: Ground, kills: number): Promise<Played> {
  const runId = ground.name('kill-worker')
  const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
  const dice = createDice(SEED)
  const start = () => ground.run({ runId, total: TOTAL, simulator, limit: 8 })
  for (let kill = 0; kill < kills; kill += 1) {
    const worker = start()
    // One in five dies before it has got anywhere, while it starts.
    if (dice.below(5) === 0) await worker.says(/\n/)
    else await ground.answered(simulator.paid().answered + 1 + dice.below(STRIDE), worker)
    await ground.strikes.kill([worker])
  }
  const last = start()
  await ground.ended(last)
  return { runId, total: TOTAL }
}

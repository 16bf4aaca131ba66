// The simulator, as processes of its own, ends with work in flight: the contract that `npm run test:vllm` holds with real
// servers.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe } from 'node:test'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { killedEngineContract, type LostPair, silencedEngineContract } from './lost-engine-contract.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts')
/** Longer than any test: what is in flight there never ends by itself. */
const HOUR = ['--latency-ms', '3600000', '--sigma', '0']

describe('the simulator that is ended in flight', () => {
  const model = 'simulated'
  const children: ChildProcess[] = []
  const lost: LostPair['lost'][] = []
  let other: Front | null = null
  before(async () => {
    other = await startFront({ engine: createInvented(), port: 0, slots: 8, log: silentLogger })
    for (let count = 0; count < 2; count += 1) {
      const child = spawn(process.execPath, [MAIN, 'simulate', '--port', '0', ...HOUR], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
      lost.push({ url: /http:\S+/.exec(line)![0], signal: (name) => void child.kill(name) })
    }
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await other?.close()
  })

  killedEngineContract(() => ({ model, lost: lost[0]!, other: other! }))
  silencedEngineContract(() => ({ model, lost: lost[1]!, other: other! }))
})

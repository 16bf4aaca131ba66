// Real vLLM servers that end with work in flight: one by kill -9, the next by SIGTERM.

import { after, before, describe } from 'node:test'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { killedEngineContract, silencedEngineContract } from '../llm/lost-engine-contract.ts'
import { installed, noVllm } from './installed.ts'
import { startVllm, type VllmServer } from './server.ts'

describe('lost engines: two vLLM servers and the simulator', { skip: noVllm }, () => {
  const servers: VllmServer[] = []
  let simulator: Front | null = null
  const model = 'toy'
  before(async () => {
    servers.push(await startVllm(installed(), { model }))
    servers.push(await startVllm(installed(), { model }))
    const engine = createInvented()
    simulator = await startFront({ engine, port: 0, slots: 8, log: silentLogger, anyModel: true })
  })
  after(async () => {
    await simulator?.close()
    for (const server of servers) await server.stop()
  })

  killedEngineContract(() => ({ model, lost: servers[0]!, other: servers[1]! }))
  silencedEngineContract(() => ({ model, lost: servers[1]!, other: simulator! }))
})

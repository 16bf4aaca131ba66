// A real vLLM server around the tests of a `describe`: started before them, ended after them.

import { after, before } from 'node:test'
import { systemClock } from '../../llm/clock.ts'
import { createEngineClient } from '../../llm/engine-client.ts'
import type { EngineUnderTest } from '../llm/engine-contract.ts'
import { installed } from './installed.ts'
import { startVllm, type VllmServer } from './server.ts'

export interface ServedEngine extends EngineUnderTest {
  readonly server: VllmServer
}

/** Registers start and end with the suite that is being described; the engine is there once its tests run. */
export function served(model: string, flags: readonly string[] = []): () => ServedEngine {
  let engine: ServedEngine | null = null
  before(async () => {
    const server = await startVllm(installed(), { model, flags })
    const { url } = server
    engine = { url, server, model, client: createEngineClient({ url, key: null, clock: systemClock }) }
  })
  after(async () => {
    await engine?.client.close()
    await engine?.server.stop()
  })
  return () => {
    if (engine === null) throw new Error(`vLLM with ${model} did not start`)
    return engine
  }
}

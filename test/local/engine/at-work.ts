// What the front's tests share: a front that is closed at the end, one call, and an engine that ends when told.

import { after } from 'node:test'
import type { Engine, EngineChoice } from '../../../local/engine/contract.ts'
import { startFront } from '../../../local/engine/front.ts'
import type { Front, FrontOptions } from '../../../local/engine/front.ts'
import { createInvented } from '../../../local/engine/invented.ts'
import { silentLogger } from '../../../schemas/logger.ts'

const started: Front[] = []
after(async () => {
  for (const front of started) await front.close()
})

/** A front of 4 slots on a free port, closed when the test file ends. */
export async function start(options: Partial<FrontOptions> = {}): Promise<Front> {
  const front = await startFront({
    engine: createInvented(),
    port: 0,
    slots: 4,
    log: silentLogger,
    anyModel: true,
    ...options,
  })
  started.push(front)
  return front
}

export interface Reply {
  readonly status: number
  readonly body: {
    choices: { index: number; text: string; message: { content: string }; finish_reason: string }[]
    usage: { completion_tokens: number }
  } & Record<string, unknown>
}

/** Posts JSON; the reply has to be JSON too. */
export async function post(front: Front, path: string, body: unknown, signal?: AbortSignal): Promise<Reply> {
  const response = await fetch(front.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
  return { status: response.status, body: (await response.json()) as Reply['body'] }
}

/** Resolves when the condition holds; looked at after each turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** An engine whose sequences end when told; `begun` lists their seeds in order. */
export function heldEngine(): { engine: Engine; begun: number[]; ended: Error[]; finish(seed: number): void } {
  const begun: number[] = []
  const ended: Error[] = []
  const open = new Map<number, (choice: EngineChoice) => void>()
  const engine: Engine = {
    ...createInvented(),
    complete: (_, { seed }, { signal }) =>
      new Promise((resolve, reject) => {
        begun.push(seed)
        open.set(seed, resolve)
        signal.addEventListener('abort', () => {
          ended.push(signal.reason as Error)
          reject(signal.reason as Error)
        })
      }),
  }
  return {
    engine,
    begun,
    ended,
    finish: (seed) => open.get(seed)?.({ text: 'x', finishReason: 'stop', stopReason: null, completionTokens: 2 }),
  }
}

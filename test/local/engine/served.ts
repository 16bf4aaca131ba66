// A front over the invented engine, asked over real HTTP: what the tests of the front's shapes share.

import { after } from 'node:test'
import { startFront } from '../../../local/engine/front.ts'
import type { Front, FrontOptions } from '../../../local/engine/front.ts'
import { createInvented } from '../../../local/engine/invented.ts'
import type { TextEngineOptions } from '../../../local/engine/text-engine.ts'
import { silentLogger } from '../../../schemas/logger.ts'

const started: Front[] = []
after(async () => {
  for (const front of started) await front.close()
})

/** Starts a front that is closed after the file's tests. */
export async function serve(
  shape: TextEngineOptions = {},
  protocol: FrontOptions['protocol'] = {},
  slots = 64,
  anyModel = true,
): Promise<Front> {
  const engine = createInvented(shape)
  const front = await startFront({ engine, protocol, port: 0, slots, log: silentLogger, anyModel })
  started.push(front)
  return front
}

export interface Choice {
  readonly text: string
  readonly message: { content: string | null; reasoning?: string | null; reasoning_content?: string | null }
  readonly finish_reason: string
  readonly stop_reason: string | number | null
  readonly token_ids: number[]
}

/** The fields of all replies that these tests read. */
export interface Body {
  readonly choices: Choice[]
  readonly data: { data: unknown; embedding: unknown; probs: number[]; score: number }[]
  readonly prompt: string
  readonly tokens: number[]
  readonly usage: Record<string, unknown>
}

/** Posts a body; resolves with status and parsed reply. */
export async function post(front: Front, path: string, body: unknown): Promise<{ status: number; body: Body }> {
  const response = await fetch(front.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Body }
}

/** The only choice of a reply. */
export async function choiceOf(front: Front, path: string, body: unknown): Promise<Choice> {
  const { status, body: reply } = await post(front, path, body)
  if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(reply)}`)
  return reply.choices[0]!
}

/** The deltas of a chat's stream, in order, without those that say nothing. */
export async function deltasOf(front: Front, body: object): Promise<Record<string, string>[]> {
  const response = await fetch(`${front.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true }),
  })
  const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'))
  return events.flatMap((event) => {
    const { choices } = JSON.parse(event.slice(6)) as { choices: { delta: Record<string, string> }[] }
    return choices.map(({ delta }) => delta).filter((delta) => !('role' in delta))
  })
}

// The OpenAI-compatible front of vLLM over an Engine: simulated text or a small real model. Routes (front-routes.ts),
// defaults, replies and error bodies are vLLM 0.32's, held to recordings of it by test/local/engine/recordings.test.ts.
// What differs (docs/protocol.md has it all): one server has the generation routes and, where the engine scores, the
// reward routes; log probabilities are refused; ignore_eos and min_tokens have no effect. The queue has no bound, as in a
// stock vLLM; a client that goes away frees its slots and its places in the queue at once.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../../schemas/logger.ts'
import { machineClock } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Engine } from './contract.ts'
import { checkLoaded, meetFault } from './front-control.ts'
import { toFault, unauthorized } from './front-faults.ts'
import { beginLife } from './front-life.ts'
import type { Manner } from './front-life.ts'
import { createListener } from './front-listener.ts'
import type { AnsweredCalls } from './front-memory.ts'
import { createMischief, spoilsReply } from './front-mischief.ts'
import type { Fault } from './front-mischief.ts'
import type { Latency } from './front-latency.ts'
import { EMBEDDING_ROUTE, GENERATION_ROUTES, REWARD_ROUTES } from './front-protocol.ts'
import type { FrontProtocol } from './front-protocol.ts'
import { findRoute } from './front-routes.ts'
import { createSlots } from './front-slots.ts'
import { replyWithFault } from './front-spoil.ts'
import type { FrontState, Work } from './front-state.ts'
import { createCallCounter } from './front-stats.ts'
import type { FrontStats } from './front-stats.ts'
import { roomCheck } from './front-trouble.ts'
import type { Trouble } from './front-trouble.ts'
import { readBody, replyJson } from './http.ts'
import { createMetrics } from './metrics.ts'
import { createPrefixCache } from './prefix-cache.ts'

export interface FrontOptions {
  engine: Engine
  /** 127.0.0.1 unless said. */
  host?: string
  /** 0: any free one. */
  port: number
  /** Sequences generated at once. */
  slots: number
  /** Time that each sequence takes on top of the engine's own; none unless said. */
  latency?: Latency
  log: Logger
  /** With a key, /v1/* asks for `Authorization: Bearer KEY`; the other routes stay open, as vLLM's do. */
  apiKey?: string
  /** Serve every model name, not only the engine's. */
  anyModel?: boolean
  /** Answer a request differently when it has been answered before, as real servers do. */
  vary?: boolean
  /** What was answered by earlier servers; nothing unless said. */
  memory?: AnsweredCalls
  /** What it is to do badly; nothing unless said. */
  trouble?: Trouble
  /** The machine's unless said. */
  clock?: Clock
  /** Which of vLLM's shapes are spoken; a stock server's unless said. */
  protocol?: FrontProtocol
}

export interface Front {
  /** http://HOST:PORT, without a path. */
  readonly url: string
  readonly port: number
  stats(): FrontStats
  /** The server dies: its work is lost, its port refuses. With forMs it comes back after that time. */
  die(manner: Manner, forMs?: number): void
  /** The engine generates no more, while the server goes on answering; with forMs for that time. */
  hang(forMs?: number): void
  /** Ends a death or a hanging: the same port is open when this resolves. */
  revive(): Promise<void>
  /** Drops what is in flight and closes the engine. */
  close(): Promise<void>
}

/** Version that GET /version tells: the vLLM whose protocol this is. */
const VERSION = '0.32.0'

/** Starts the front. Rejects with a UsageFault when the port cannot be had. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { engine, log, host = '127.0.0.1', clock = machineClock, trouble = {} } = options
  const metrics = createMetrics(engine.models[0]!.id)
  const slots = createSlots({
    size: options.slots,
    clock,
    kvSlots: trouble.kvSlots,
    onPreempted: () => {
      metrics.preempted()
    },
  })
  const listener = createListener(host, options.port, (request, response) => {
    void handle(front, options.apiKey, stats, request, response)
  })
  await listener.open()
  const front: FrontState = {
    engine,
    log,
    slots,
    metrics,
    clock,
    trouble,
    life: beginLife({
      listener,
      slots,
      metrics,
      clock,
      log,
      slowStartMs: trouble.slowStartMs ?? 0,
      outages: trouble.outages ?? [],
    }),
    mischief: createMischief(trouble.faults),
    checkRoom: roomCheck(trouble, slots),
    counter: createCallCounter(clock, options.memory),
    latency: options.latency,
    anyModel: options.anyModel === true,
    vary: options.vary === true,
    protocol: options.protocol ?? {},
    prefixCache: options.protocol?.promptTokensDetails === true ? createPrefixCache() : null,
    version: VERSION,
    fingerprint: `magpie-${VERSION}`,
    startedAt: Math.floor(Date.now() / 1000),
    bornAt: clock.now(),
  }
  const stats = (): FrontStats => ({
    ...front.counter.read(),
    ...metrics.totals(),
    faults: front.mischief.counts(),
    slots: slots.size,
    running: slots.running,
    waiting: slots.waiting,
    ...slots.peaks(),
    ...slots.busy(),
  })
  const { port } = listener
  log.info(
    { host, port, slots: options.slots, models: engine.models.map(({ id }) => id) },
    'the model front is listening',
  )
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    stats,
    die: (manner, forMs) => {
      front.life.die(manner, forMs)
    },
    hang: (forMs) => {
      front.life.hang(forMs)
    },
    revive: () => front.life.revive(),
    close: async () => {
      front.life.close()
      await listener.close()
      await engine.close()
    },
  }
}

const COUNTED = [...GENERATION_ROUTES, ...REWARD_ROUTES, EMBEDDING_ROUTE]

async function handle(
  front: FrontState,
  apiKey: string | undefined,
  stats: () => FrontStats,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) abort.abort(new Error('the client closed the connection'))
  })
  const path = request.url?.split('?', 1)[0] ?? '/'
  let counted: Work['counted'] = { answeredBefore: 0, sequences: () => undefined, ended: () => undefined }
  let fault: Fault | null = null
  front.life.entered(abort)
  try {
    const raw = await readBody(request)
    if (abort.signal.aborted) throw abort.signal.reason
    checkLoaded(front, path)
    if (apiKey !== undefined && path.startsWith('/v1/') && request.headers.authorization !== `Bearer ${apiKey}`)
      throw unauthorized()
    const route = findRoute(front, path, request.method)
    if (COUNTED.includes(path)) {
      counted = front.counter.begin(path, raw)
      fault = front.mischief.next(GENERATION_ROUTES.includes(path))
    }
    const work = { signal: abort.signal, counted, arrivedAt: front.clock.now(), fault, priority: 0 }
    if (fault !== null) await meetFault(front, response, fault, work)
    const body = await route({ front, request, response, work, stats, raw })
    if (body !== undefined) replyWithFault(response, fault, body)
    counted.ended(spoilsReply(fault) ? 'faulted' : 'answered')
  } catch (error) {
    if (abort.signal.aborted) {
      counted.ended(spoilsReply(fault) ? 'faulted' : 'aborted')
      return
    }
    counted.ended('refused')
    // One of several sequences failed: the others are dropped with it.
    abort.abort(new Error('another part of the request failed'))
    refuse(front, response, error)
  } finally {
    front.life.left(abort)
  }
}

function refuse(front: FrontState, response: ServerResponse, error: unknown): void {
  const fault = toFault(error)
  if (fault.status >= 500 && fault !== error)
    front.log.error({ error: error instanceof Error ? error.stack : error }, 'a request failed')
  if (response.headersSent) response.destroy()
  else replyJson(response, fault.status, fault.body, fault.headers)
}

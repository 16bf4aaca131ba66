// The OpenAI-compatible front of vLLM over an Engine: simulated text or a small real model. Routes, defaults, replies
// and error bodies are vLLM 0.32's, held to recordings of it by test/local/engine/recordings.test.ts. What differs
// (docs/protocol.md has it all): one server has the generation routes and, where the engine scores, the reward routes;
// log probabilities are refused; ignore_eos and min_tokens have no effect. The queue has no bound, as in a stock vLLM;
// a client that goes away frees its slots and its places in the queue at once.

import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UsageFault } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import type { Engine } from './contract.ts'
import { serveChat, serveCompletion } from './front-completions.ts'
import { noRoute, toFault, unauthorized } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import type { Latency } from './front-latency.ts'
import { GENERATION_ROUTES, REWARD_ROUTES, servesRoute } from './front-protocol.ts'
import type { FrontProtocol } from './front-protocol.ts'
import { rerankRoute, scoreRoute } from './front-rank.ts'
import { renderChat, renderCompletions } from './front-render.ts'
import { classifyRoute, poolingRoute } from './front-scores.ts'
import { createSlots } from './front-slots.ts'
import { newId } from './front-state.ts'
import type { FrontState, Work } from './front-state.ts'
import { createCallCounter } from './front-stats.ts'
import type { FrontStats } from './front-stats.ts'
import { detokenizeRoute, tokenizeRoute } from './front-tokens.ts'
import { parseBody, readBody, replyJson, replyText } from './http.ts'
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
  /** Which of vLLM's shapes are spoken; a stock server's unless said. */
  protocol?: FrontProtocol
}

export interface Front {
  /** http://HOST:PORT, without a path. */
  readonly url: string
  readonly port: number
  stats(): FrontStats
  /** Drops what is in flight and closes the engine. */
  close(): Promise<void>
}

/** Version that GET /version tells: the vLLM whose protocol this is. */
const VERSION = '0.32.0'

/** Starts the front. Rejects with a UsageFault when the port cannot be had. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { engine, log, host = '127.0.0.1' } = options
  const front: FrontState = {
    engine,
    log,
    slots: createSlots(options.slots),
    metrics: createMetrics(engine.models[0]!.id),
    counter: createCallCounter(),
    latency: options.latency,
    anyModel: options.anyModel === true,
    protocol: options.protocol ?? {},
    prefixCache: options.protocol?.promptTokensDetails === true ? createPrefixCache() : null,
    version: VERSION,
    fingerprint: `magpie-${VERSION}`,
    startedAt: Math.floor(Date.now() / 1000),
  }
  const stats = (): FrontStats => ({
    ...front.counter.read(),
    promptTokens: front.metrics.totals().promptTokens,
    generationTokens: front.metrics.totals().generationTokens,
    running: front.slots.running,
    waiting: front.slots.waiting,
    ...front.slots.peaks(),
  })
  const server = createServer((request, response) => {
    void handle(front, options.apiKey, stats, request, response)
  })
  server.requestTimeout = 0
  server.keepAliveTimeout = 5000
  await listen(server, options.port, host)
  const { port } = server.address() as AddressInfo
  log.info(
    { host, port, slots: options.slots, models: engine.models.map(({ id }) => id) },
    'the model front is listening',
  )
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    stats,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
      server.closeAllConnections()
      await closed
      await engine.close()
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new UsageFault(listenFault(error, host, port)))
    })
    server.listen({ port, host, backlog: 4096 }, () => {
      resolve()
    })
  })
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): string {
  const help = 'choose another port with --port, or 0 for any free one.'
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is taken by another program: ${help}`
  if (error.code === 'EACCES') return `Port ${port} on ${host} needs more rights than this program has: ${help}`
  return `Cannot listen on ${host}:${port} (${error.code ?? error.message}): ${help}`
}

type Route = (exchange: Exchange) => unknown

interface Exchange {
  readonly front: FrontState
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly work: Work
  readonly stats: () => FrontStats
  readonly raw: Buffer
}

/** Routes by method and path; what a route returns is sent as JSON (undefined: it has replied itself). */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/health': { GET: ok, POST: ok },
  '/ping': { GET: ok, POST: ok },
  '/version': { GET: ({ front }) => ({ version: front.version }) },
  '/metrics': { GET: metrics },
  '/v1/models': { GET: ({ front }) => models(front) },
  '/v1/completions': {
    POST: (exchange) =>
      serveCompletion(exchange.front, exchange.request, exchange.response, bodyOf(exchange), exchange.work),
  },
  '/v1/chat/completions': {
    POST: (exchange) => serveChat(exchange.front, exchange.request, exchange.response, bodyOf(exchange), exchange.work),
  },
  '/v1/completions/render': {
    POST: (exchange) => renderCompletions(exchange.front, exchange.request, bodyOf(exchange)),
  },
  '/v1/chat/completions/render': {
    POST: (exchange) => renderChat(exchange.front, exchange.request, bodyOf(exchange)),
  },
  '/tokenize': { POST: (exchange) => tokenizeRoute(exchange.front, bodyOf(exchange)) },
  '/detokenize': { POST: (exchange) => detokenizeRoute(exchange.front, bodyOf(exchange)) },
  '/pooling': scored(poolingRoute),
  '/classify': scored(classifyRoute),
  '/score': scored(scoreRoute),
  '/rerank': scored(rerankRoute),
  '/simulator/stats': { GET: ({ stats }) => stats(), POST: resetStats },
}

const COUNTED = [...GENERATION_ROUTES, ...REWARD_ROUTES]

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
  let counted: Work['counted'] = { sequences: () => undefined, ended: () => undefined }
  try {
    const raw = await readBody(request)
    if (apiKey !== undefined && path.startsWith('/v1/') && request.headers.authorization !== `Bearer ${apiKey}`)
      throw unauthorized()
    const routes = ROUTES[path]
    const route = routes?.[request.method ?? 'GET']
    if (route === undefined || !isServed(front, path)) throw noRoute(routes !== undefined && isServed(front, path))
    if (COUNTED.includes(path)) counted = front.counter.begin(path, raw)
    const work = { signal: abort.signal, counted, arrivedAt: performance.now() }
    const body = await route({ front, request, response, work, stats, raw })
    if (body !== undefined) replyJson(response, 200, body)
    counted.ended('answered')
  } catch (error) {
    if (abort.signal.aborted) {
      counted.ended('aborted')
      return
    }
    counted.ended('refused')
    // One of several sequences failed: the others are dropped with it.
    abort.abort(new Error('another part of the request failed'))
    refuse(front, response, error)
  }
}

function refuse(front: FrontState, response: ServerResponse, error: unknown): void {
  const fault = toFault(error)
  if (fault.status >= 500) front.log.error({ error: error instanceof Error ? error.stack : error }, 'a request failed')
  if (response.headersSent) response.destroy()
  else replyJson(response, fault.status, fault.body)
}

function bodyOf({ request, raw }: Exchange): Body {
  return parseBody(request, raw)
}

function isServed(front: FrontState, path: string): boolean {
  return servesRoute(front.protocol, front.engine.score !== null, path)
}

/** A route over the engine's rewards. */
function scored(route: typeof poolingRoute): { POST: Route } {
  return {
    POST(exchange) {
      const { score } = exchange.front.engine
      if (score === null) throw noRoute(false)
      return route(exchange.front, score, bodyOf(exchange), exchange.work)
    },
  }
}

function ok({ response }: Exchange): undefined {
  replyText(response, 200, 'text/plain', '')
}

function metrics({ front, response }: Exchange): undefined {
  const text = front.metrics.render(front.slots.running, front.slots.waiting, front.slots.size)
  replyText(response, 200, 'text/plain; version=1.0.0; charset=utf-8', text)
}

function resetStats({ front, stats }: Exchange): FrontStats {
  const before = stats()
  front.counter.reset()
  return before
}

function models(front: FrontState): unknown {
  const created = front.startedAt
  const permission = {
    id: newId('modelperm'),
    object: 'model_permission',
    created,
    allow_create_engine: false,
    allow_sampling: true,
    allow_logprobs: false,
    allow_search_indices: false,
    allow_view: true,
    allow_fine_tuning: false,
    organization: '*',
    group: null,
    is_blocking: false,
  }
  // As gateways do: a star says that any name is taken.
  const listed = front.anyModel
    ? [...front.engine.models, { ...front.engine.models[0]!, id: '*' }]
    : front.engine.models
  const data = listed.map(({ id, maxModelLen }) => ({
    id,
    object: 'model',
    created,
    owned_by: 'magpie',
    root: id,
    parent: null,
    max_model_len: maxModelLen,
    permission: [permission],
  }))
  return { object: 'list', data }
}

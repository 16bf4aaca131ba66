// The routes of the front: which of its parts answers what. Promises: a path that this server does not serve is a 404,
// one that takes another method a 405, as vLLM answers them.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveChat, serveCompletion } from './front-completions.ts'
import { dieRoute, hangRoute } from './front-control.ts'
import { embeddingsRoute } from './front-embeddings.ts'
import { noRoute } from './front-faults.ts'
import type { Body } from './front-fields.ts'
import { modelsRoute } from './front-models.ts'
import { poolingRoute } from './front-pooling.ts'
import { priorityOf } from './front-priority.ts'
import { servesRoute } from './front-protocol.ts'
import { rerankRoute, scoreRoute } from './front-rank.ts'
import { renderChat, renderCompletions } from './front-render.ts'
import { classifyRoute } from './front-scores.ts'
import type { FrontState, Work } from './front-state.ts'
import type { FrontStats } from './front-stats.ts'
import { detokenizeRoute, tokenizeRoute } from './front-tokens.ts'
import { parseBody, replyText } from './http.ts'

/** What it returns is sent as JSON; undefined: it has replied itself. */
type Route = (exchange: Exchange) => unknown

/** A request with all that its route works with. */
interface Exchange {
  readonly front: FrontState
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly work: Work
  readonly stats: () => FrontStats
  readonly raw: Buffer
}

/** Routes by path and method. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/health': { GET: ok, POST: ok },
  '/ping': { GET: ok, POST: ok },
  '/version': { GET: ({ front }) => ({ version: front.version }) },
  '/metrics': { GET: metrics },
  '/v1/models': { GET: ({ front }) => modelsRoute(front) },
  '/v1/completions': {
    POST: (exchange) => {
      const { body, work } = queued(exchange)
      return serveCompletion(exchange.front, exchange.request, exchange.response, body, work)
    },
  },
  '/v1/chat/completions': {
    POST: (exchange) => {
      const { body, work } = queued(exchange)
      return serveChat(exchange.front, exchange.request, exchange.response, body, work)
    },
  },
  '/v1/completions/render': {
    POST: (exchange) => renderCompletions(exchange.front, exchange.request, bodyOf(exchange)),
  },
  '/v1/chat/completions/render': {
    POST: (exchange) => renderChat(exchange.front, exchange.request, bodyOf(exchange)),
  },
  '/tokenize': { POST: (exchange) => tokenizeRoute(exchange.front, bodyOf(exchange)) },
  '/detokenize': { POST: (exchange) => detokenizeRoute(exchange.front, bodyOf(exchange)) },
  '/pooling': { POST: pooled(poolingRoute) },
  '/v1/embeddings': { POST: pooled(embeddingsRoute) },
  '/classify': scored(classifyRoute),
  '/score': scored(scoreRoute),
  '/rerank': scored(rerankRoute),
  '/simulator/stats': { GET: ({ stats }) => stats(), POST: resetStats },
  '/simulator/die': { POST: die },
  '/simulator/hang': { POST: (exchange) => hangRoute(exchange.front, bodyOf(exchange)) },
}

/** The route that answers; throws the refusal where there is none. */
export function findRoute(front: FrontState, path: string, method = 'GET'): Route {
  const routes = isServed(front, path) ? ROUTES[path] : undefined
  const route = routes?.[method]
  if (route === undefined) throw noRoute(routes !== undefined)
  return route
}

function bodyOf({ request, raw }: Exchange): Body {
  return parseBody(request, raw)
}

/** The body, and the work at the place in the queue that it asks for. */
function queued(exchange: Exchange): { body: Body; work: Work } {
  const body = bodyOf(exchange)
  return { body, work: { ...exchange.work, priority: priorityOf(exchange.front.protocol, body) } }
}

function isServed(front: FrontState, path: string): boolean {
  if (front.trouble.hiddenRoutes?.includes(path) === true) return false
  const { score, embed } = front.engine
  return servesRoute(front.protocol, { scores: score !== null, embeds: embed !== undefined }, path)
}

function pooled(route: typeof poolingRoute): Route {
  return (exchange) => {
    const { body, work } = queued(exchange)
    return route(exchange.front, body, work)
  }
}

/** A route over the engine's rewards. */
function scored(route: typeof classifyRoute): { POST: Route } {
  return {
    POST(exchange) {
      const { score } = exchange.front.engine
      if (score === null) throw noRoute(false)
      return pooled((front, body, work) => route(front, score, body, work))(exchange)
    },
  }
}

function ok({ response }: Exchange): undefined {
  replyText(response, 200, 'text/plain', '')
}

function metrics({ front, response }: Exchange): undefined {
  const { running, waiting } = front.slots
  const load = { running, waiting, cacheUsage: front.slots.cacheUsage(), oldNames: front.trouble.oldMetrics === true }
  const text = front.metrics.render(load)
  replyText(response, 200, 'text/plain; version=1.0.0; charset=utf-8', text)
}

function die(exchange: Exchange): undefined {
  dieRoute(exchange.front, exchange.response, bodyOf(exchange))
}

function resetStats({ front, stats }: Exchange): FrontStats {
  const before = stats()
  front.counter.reset()
  front.mischief.reset()
  front.slots.resetBusy()
  return before
}

// The dashboard's server: the page, its API and the schema registry's read endpoints. Promises: every request passes the
// guard first; nothing here writes; text of models leaves as JSON, and the page shows it as text, never as HTML.

import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { Failure, UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { readRegistryFile } from '../schemas/registry.ts'
import { addApi } from './api.ts'
import type { DashboardData } from './api.ts'
import { refusalOf } from './guard.ts'
import type { GuardOptions } from './guard.ts'
import { addRegistry } from './registry-routes.ts'

export interface DashboardOptions {
  /** Address to listen on. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly guard: GuardOptions
  readonly data: DashboardData
  readonly log: Logger
}

export interface Dashboard {
  readonly url: string
  close(): Promise<void>
}

/** SQL and names; nothing longer is asked. */
const MOST_BODY_BYTES = 256 * 1024

/** Nothing from elsewhere, nothing inline, no frame around it. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const FILES = {
  '/': ['text/html; charset=utf-8', new URL('page/index.html', import.meta.url)],
  '/page.js': ['text/javascript; charset=utf-8', new URL('page/page.js', import.meta.url)],
  '/page.css': ['text/css; charset=utf-8', new URL('page/page.css', import.meta.url)],
  '/preact.js': ['text/javascript; charset=utf-8', new URL(import.meta.resolve('htm/preact/standalone'))],
} as const

/** Starts listening. Throws UsageFault where the port is taken or the address is none of this machine. */
export async function startDashboard({ host, port, guard, data, log }: DashboardOptions): Promise<Dashboard> {
  const server: FastifyInstance = Fastify({ logger: false, bodyLimit: MOST_BODY_BYTES, forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => {
    const isPage = request.method === 'GET' && Object.hasOwn(FILES, request.url.split('?')[0] ?? '')
    const refusal = refusalOf(guard, { headers: request.headers, isPage })
    if (refusal !== null) return reply.code(refusal.status).send({ error: refusal.message })
  })
  server.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    })
  })
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const isTheirs = error instanceof UsageFault || error instanceof Failure || (error.statusCode ?? 500) < 500
    if (!isTheirs) log.warn({ error: error.stack ?? error.message }, 'the dashboard met an error')
    const status = error instanceof UsageFault ? 404 : error instanceof Failure ? 400 : (error.statusCode ?? 500)
    return reply.code(status).send({ error: error.message })
  })
  for (const [path, [type, file]] of Object.entries(FILES)) {
    const content = readFileSync(fileURLToPath(file))
    server.get(path, (_request, reply) => reply.type(type).send(content))
  }
  addRegistry(server, readRegistryFile())
  addApi(server, data)
  try {
    await server.listen({ host, port })
  } catch (error) {
    await server.close()
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new UsageFault(`port ${port} is taken; give another with --port, or 0 for a free one`)
    throw new UsageFault(`cannot listen on ${host}:${port}: ${message}`)
  }
  const address = server.server.address() as AddressInfo
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    close: () => server.close(),
  }
}

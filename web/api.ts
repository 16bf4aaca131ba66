// What the page asks for, as JSON. The data itself comes from whoever starts the dashboard (DashboardData): this floor
// knows HTTP and nothing of tables.

import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { UsageFault } from '../schemas/failure.ts'

export interface DashboardData {
  /** The runs that the database knows, the newest first. */
  runs(signal: AbortSignal): Promise<readonly object[]>
  /** Everything about a run (the newest when none is named). Throws UsageFault where there is none. */
  report(which: { run?: string | undefined; revision?: string | undefined }, signal: AbortSignal): Promise<object>
  /** Answer of one reading statement, in the read-only lane. Throws what that lane refuses. */
  sql(query: string, signal: AbortSignal): Promise<{ columns: readonly string[]; rows: readonly unknown[][] }>
}

const which = z.object({ run: z.string().max(200).optional(), revision: z.string().max(200).optional() })
const asked = z.object({ query: z.string().min(1).max(100_000) })

/** Adds the API under /api. */
export function addApi(server: FastifyInstance, data: DashboardData): void {
  server.get('/api/runs', async (request) => ({ runs: await data.runs(request.signal) }))
  server.get('/api/report', async (request) => await data.report(shaped(which, request.query), request.signal))
  server.post('/api/sql', async (request) => await data.sql(shaped(asked, request.body).query, request.signal))
}

function shaped<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new UsageFault(result.error.issues.map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`))
}

// What goes along with a query to an owner's port: its parameters and its moment. ClickHouse's own way (param_x and
// settings in the URL, escaped by type) would have to be undone there, type by type; as JSON they arrive as they were.

import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import type { QueryOptions } from './contract.ts'

const HEADER = 'x-magpie-options'

/** Values of parameters are JSON: numbers, texts, lists of these. */
const carried = z.object({
  parameters: z.record(z.string(), z.unknown()).optional(),
  asOf: z.int().optional(),
})

type Carried = Pick<QueryOptions, 'parameters' | 'asOf'>

/** The header that carries them. */
export function sendToOwner({ parameters, asOf }: Carried): { http_headers: Record<string, string> } {
  return { http_headers: { [HEADER]: encodeURIComponent(JSON.stringify({ parameters, asOf })) } }
}

/** What the header carries; throws SyntaxError, URIError or ZodError where it is not ours. */
export function optionsAtOwner(headers: IncomingHttpHeaders): Carried {
  const header = headers[HEADER]
  if (typeof header !== 'string') return {}
  const { parameters = {}, asOf } = carried.parse(JSON.parse(decodeURIComponent(header)))
  return asOf === undefined ? { parameters } : { parameters, asOf }
}

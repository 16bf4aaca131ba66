// Parameters of a query on their way to an owner's port. ClickHouse's own way (param_x in the URL, escaped by type)
// would have to be undone there, type by type; as JSON they arrive as they were.

import type { IncomingHttpHeaders } from 'node:http'

const HEADER = 'x-magpie-parameters'

/** The header that carries them. Values are JSON: numbers, texts, lists of these. */
export function parametersForOwner(parameters: Readonly<Record<string, unknown>>): {
  http_headers: Record<string, string>
} {
  return { http_headers: { [HEADER]: encodeURIComponent(JSON.stringify(parameters)) } }
}

/** What the header carries; throws SyntaxError or URIError where it is not ours. */
export function parametersAtOwner(headers: IncomingHttpHeaders): Record<string, unknown> {
  const header = headers[HEADER]
  return typeof header === 'string' ? (JSON.parse(decodeURIComponent(header)) as Record<string, unknown>) : {}
}

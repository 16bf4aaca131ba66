// A schema registry as far as the program asks one, for tests; it wants a login.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface TestRegistry {
  /** With user and password inside. */
  readonly url: string
  close(): void
}

/** Starts it on 127.0.0.1. */
export async function startSchemaRegistry(user: string, password: string): Promise<TestRegistry> {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const subjects = new Map<string, { id: number; schema: string }>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const [, subject, version] = /^\/subjects\/([^/]+)\/versions(?:\/(\d+))?$/.exec(request.url ?? '') ?? []
      if (request.headers.authorization !== expected || subject === undefined) {
        response.writeHead(request.headers.authorization === expected ? 404 : 401).end()
        return
      }
      if (request.method === 'POST') {
        const { schema } = JSON.parse(body) as { schema: string }
        const entry = subjects.get(subject) ?? { id: subjects.size + 1000, schema }
        subjects.set(subject, entry)
        response.end(JSON.stringify({ id: entry.id }))
      } else response.end(JSON.stringify(version === undefined ? [1] : subjects.get(subject)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://${user}:${password}@127.0.0.1:${port}`, close: () => server.close() }
}

// The read endpoints of a Confluent schema registry over schemas/registry.json, so that kcat, Kafka UIs, ClickHouse's
// AvroConfluent and Avro consumers in any language can read the topics. It takes no schema: releases come with Magpie.

import type { FastifyInstance, FastifyReply } from 'fastify'
import type { RegisteredSchema } from '../schemas/registry.ts'

const TYPE = 'application/vnd.schemaregistry.v1+json'

interface Named {
  readonly Params: { readonly subject: string; readonly version: string; readonly id: string }
}

/** Adds the endpoints. */
export function addRegistry(server: FastifyInstance, schemas: readonly RegisteredSchema[]): void {
  const subjects = [...new Set(schemas.map(({ subject }) => subject))].sort()
  const versionsOf = (subject: string): RegisteredSchema[] => schemas.filter((each) => each.subject === subject)
  const send = (reply: FastifyReply, body: unknown): FastifyReply => reply.type(TYPE).send(JSON.stringify(body))
  // Codes as the registry's own clients know them.
  const missing = (reply: FastifyReply, code: 40401 | 40402 | 40403, message: string): FastifyReply =>
    send(reply.code(404), { error_code: code, message })
  const found = ({ params: { subject, version } }: { params: Named['Params'] }): RegisteredSchema | undefined => {
    const versions = versionsOf(subject)
    return version === 'latest' ? versions.at(-1) : versions.find((each) => String(each.version) === version)
  }

  server.get('/subjects', (_request, reply) => send(reply, subjects))
  server.get('/schemas/types', (_request, reply) => send(reply, ['AVRO']))
  server.get('/config', (_request, reply) => send(reply, { compatibilityLevel: 'BACKWARD_TRANSITIVE' }))
  server.get('/mode', (_request, reply) => send(reply, { mode: 'READONLY' }))
  server.get<Named>('/subjects/:subject/versions', ({ params: { subject } }, reply) => {
    const versions = versionsOf(subject).map(({ version }) => version)
    return versions.length === 0 ? missing(reply, 40401, `Subject '${subject}' not found.`) : send(reply, versions)
  })
  server.get<Named>('/subjects/:subject/versions/:version', (request, reply) => {
    const entry = found(request)
    if (entry === undefined) return missing(reply, 40402, 'Subject or version not found.')
    const { subject, version, id, schema } = entry
    return send(reply, { subject, version, id, schemaType: 'AVRO', schema: JSON.stringify(schema) })
  })
  server.get<Named>('/subjects/:subject/versions/:version/schema', (request, reply) => {
    const entry = found(request)
    return entry === undefined ? missing(reply, 40402, 'Subject or version not found.') : send(reply, entry.schema)
  })
  server.get<Named>('/schemas/ids/:id', ({ params: { id } }, reply) => {
    const entry = schemas.find((each) => String(each.id) === id)
    return entry === undefined
      ? missing(reply, 40403, `Schema ${id} not found`)
      : send(reply, { schema: JSON.stringify(entry.schema) })
  })
  server.get<Named>('/schemas/ids/:id/versions', ({ params: { id } }, reply) => {
    const entry = schemas.find((each) => String(each.id) === id)
    return entry === undefined
      ? missing(reply, 40403, `Schema ${id} not found`)
      : send(reply, [{ subject: entry.subject, version: entry.version }])
  })
}

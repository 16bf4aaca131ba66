// A stand-in for the part of the Hugging Face hub's API that an upload uses: repositories, branches, the question how files
// are wanted, large files (whole or in parts), commits. It keeps of large files what a check needs: length and SHA-256.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json, text } from 'node:stream/consumers'

export interface HubCommit {
  readonly repo: string
  readonly branch: string
  readonly title: string
  /** SHA-256 of every file, whichever way it came. */
  readonly files: Readonly<Record<string, string>>
  /** Paths that came as large files. */
  readonly large: readonly string[]
}

export interface HubOptions {
  /** Files of this size and more are wanted as large ones. */
  readonly largeFrom?: number
  /** Large files of more than this come in parts of it; never unless said. */
  readonly partBytes?: number
  /** How many requests of a kind are cut off in the middle, or answered with 503, before one is taken. */
  readonly cut?: Partial<Record<Kind, number>>
  readonly busy?: Partial<Record<Kind, number>>
  /** Tokens that may write. */
  readonly tokens?: readonly string[]
}

export type Kind = 'exists' | 'create' | 'branch' | 'preupload' | 'batch' | 'put' | 'complete' | 'commit'

export interface Hub {
  readonly url: string
  /** Visibility by name. */
  readonly repos: Map<string, string>
  readonly branches: Set<string>
  readonly commits: HubCommit[]
  /** Requests that were taken, cut or refused, by kind. */
  readonly asked: Map<Kind, number>
  readonly authorizations: Set<string>
  close(): Promise<void>
}

/** The token that it takes unless told otherwise. */
export const HUB_TOKEN = 'hf_stand_in_0123456789'

/** Starts one on a free port. */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  const { largeFrom = 100_000, partBytes, tokens = [HUB_TOKEN] } = options
  const left = { cut: { ...options.cut }, busy: { ...options.busy } }
  const repos = new Map<string, string>()
  const branches = new Set<string>()
  const commits: HubCommit[] = []
  const asked = new Map<Kind, number>()
  const authorizations = new Set<string>()
  /** Large files that are here whole, and the parts of those that are not: their lengths and digests. */
  const objects = new Set<string>()
  const parts = new Map<string, Map<number, { bytes: Buffer[] }>>()
  let url = ''

  async function put(request: IncomingMessage, oid: string, part: number | null): Promise<[number, object, string?]> {
    const hash = createHash('sha256')
    const bytes: Buffer[] = []
    for await (const piece of request as AsyncIterable<Buffer>) {
      hash.update(piece)
      if (part !== null) bytes.push(piece)
    }
    if (request.headers['content-length'] === undefined) return [411, { error: 'no length' }]
    const digest = hash.digest('hex')
    if (part === null) {
      if (digest !== oid) return [400, { error: 'other bytes than announced' }]
      objects.add(oid)
    } else {
      const known = parts.get(oid) ?? new Map<number, { bytes: Buffer[] }>()
      parts.set(oid, known.set(part, { bytes }))
    }
    return [200, {}, digest]
  }

  function batch(asking: { objects: { oid: string; size: number }[] }): object {
    const answers = asking.objects.map(({ oid, size }) => {
      if (objects.has(oid)) return { oid, size }
      if (partBytes === undefined || size <= partBytes)
        return { oid, size, actions: { upload: { href: `${url}/lfs/${oid}` } } }
      const count = Math.ceil(size / partBytes)
      const header = Object.fromEntries(
        Array.from({ length: count }, (_, place) => [
          String(place + 1).padStart(5, '0'),
          `${url}/lfs/${oid}/part/${place + 1}`,
        ]),
      )
      const upload = { href: `${url}/lfs/${oid}/complete`, header: { ...header, chunk_size: String(partBytes) } }
      return { oid, size, actions: { upload } }
    })
    return { transfer: partBytes === undefined ? 'basic' : 'multipart', objects: answers }
  }

  function complete(oid: string): [number, object] {
    const pieces = [...(parts.get(oid) ?? [])].toSorted(([one], [other]) => one - other)
    const hash = createHash('sha256')
    for (const [, { bytes }] of pieces) for (const piece of bytes) hash.update(piece)
    if (hash.digest('hex') !== oid) return [400, { error: 'the parts are not the file' }]
    objects.add(oid)
    return [200, {}]
  }

  function commit(repo: string, branch: string, body: string): [number, object] {
    const lines = body.split('\n').map((line) => JSON.parse(line) as { key: string; value: Record<string, string> })
    const files: Record<string, string> = {}
    const large: string[] = []
    for (const { key, value } of lines) {
      if (key === 'lfsFile') {
        if (!objects.has(value['oid']!)) return [400, { error: 'a large file is not here' }]
        files[value['path']!] = value['oid']!
        large.push(value['path']!)
      } else if (key === 'file')
        files[value['path']!] = createHash('sha256').update(Buffer.from(value['content']!, 'base64')).digest('hex')
    }
    const title = lines.find(({ key }) => key === 'header')?.value['summary'] ?? ''
    commits.push({ repo, branch, title, files, large })
    return [
      200,
      {
        success: true,
        commitOid: `c${commits.length}`,
        commitUrl: `${url}/datasets/${repo}/commit/c${commits.length}`,
      },
    ]
  }

  async function answer(
    request: IncomingMessage,
    kind: Kind,
    words: readonly string[],
  ): Promise<[number, object, string?]> {
    if (kind === 'put') return await put(request, words[0]!, words[1] === undefined ? null : Number(words[1]))
    if (kind === 'complete') {
      await text(request)
      return complete(words[0]!)
    }
    const { authorization = '' } = request.headers
    authorizations.add(authorization)
    if (!tokens.some((token) => authorization === `Bearer ${token}`))
      return [401, { error: `Invalid credentials in Authorization header: ${authorization}` }]
    const [repo = '', branch = ''] = words.map(decodeURIComponent)
    switch (kind) {
      case 'exists':
        return repos.has(repo)
          ? [200, { id: repo, private: repos.get(repo) === 'private' }]
          : [404, { error: 'Repository not found' }]
      case 'create': {
        const { name, organization, visibility } = (await json(request)) as Record<string, string>
        const id = `${organization ?? ''}/${name ?? ''}`
        if (repos.has(id)) return [409, { error: 'You already created this dataset repo' }]
        repos.set(id, visibility ?? '')
        return [200, { url: `${url}/datasets/${id}`, id }]
      }
      case 'branch':
        await text(request)
        if (branches.has(branch)) return [409, { error: 'Reference already exists' }]
        branches.add(branch)
        return [200, {}]
      case 'preupload': {
        const { files } = (await json(request)) as { files: { path: string; size: number }[] }
        return [
          200,
          { files: files.map(({ path, size }) => ({ path, uploadMode: size >= largeFrom ? 'lfs' : 'regular' })) },
        ]
      }
      case 'batch':
        return [200, batch((await json(request)) as Parameters<typeof batch>[0])]
      case 'commit':
        return commit(repo, branch, await text(request))
    }
  }

  const server = createServer((request, response) => {
    const found = routeOf(request)
    if (found === null) {
      response.writeHead(404).end()
      return
    }
    const [kind, words] = found
    asked.set(kind, (asked.get(kind) ?? 0) + 1)
    const take = (from: Partial<Record<Kind, number>>): boolean => {
      const some = from[kind] ?? 0
      from[kind] = some - 1
      return some > 0
    }
    if (take(left.cut)) {
      // In the middle of the body, where there is one.
      request.once('data', () => request.socket.destroy())
      request.once('end', () => request.socket.destroy())
      return
    }
    if (take(left.busy)) {
      response.writeHead(503, { 'retry-after': '0' }).end()
      return
    }
    void answer(request, kind, words).then(([status, body, etag]) => {
      send(response, status, body, etag)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ url, repos, branches, commits, asked, authorizations },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const ROUTES: readonly (readonly [Kind, string, RegExp])[] = [
  ['exists', 'GET', /^\/api\/datasets\/([^/]+\/[^/?]+)(?:\/revision\/HEAD)?(?:\?.*)?$/],
  ['create', 'POST', /^\/api\/repos\/create$/],
  ['branch', 'POST', /^\/api\/datasets\/([^/]+\/[^/]+)\/branch\/([^/]+)$/],
  ['preupload', 'POST', /^\/api\/datasets\/([^/]+\/[^/]+)\/preupload\/([^/]+)$/],
  ['batch', 'POST', /^\/datasets\/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/],
  ['put', 'PUT', /^\/lfs\/([0-9a-f]{64})(?:\/part\/(\d+))?$/],
  ['complete', 'POST', /^\/lfs\/([0-9a-f]{64})\/complete$/],
  ['commit', 'POST', /^\/api\/datasets\/([^/]+\/[^/]+)\/commit\/([^/]+)$/],
]

function routeOf({ method, url = '' }: IncomingMessage): [Kind, readonly string[]] | null {
  for (const [kind, verb, path] of ROUTES) {
    const match = method === verb ? path.exec(url) : null
    if (match !== null) return [kind, match.slice(1)]
  }
  return null
}

function send(response: ServerResponse, status: number, body: object, etag?: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(etag === undefined ? {} : { etag: `"${etag}"` }),
  })
  response.end(JSON.stringify(body))
}

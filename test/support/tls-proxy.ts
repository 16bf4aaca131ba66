// A TLS port in front of a plain one, for tests: what a gateway with certificates of its own is to a client.

import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'

export interface TlsProxy {
  /** https://localhost:PORT. */
  readonly url: string
  close(): void
}

/** Listens on 127.0.0.1 and passes everything on to the port of `target`, a URL. */
export async function startTlsProxy(target: string, options: TlsOptions): Promise<TlsProxy> {
  const port = Number(new URL(target).port)
  const server = createServer(options, (socket) => {
    const inner = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => inner.destroy()).pipe(inner)
    inner.on('error', () => socket.destroy()).pipe(socket)
  })
  // A client that turns away in the middle of a handshake is what some tests are about.
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: own } = server.address() as AddressInfo
  return { url: `https://localhost:${own}`, close: () => server.close() }
}

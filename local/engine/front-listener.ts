// The front's port, which can be closed and opened again while the front lives on: as a killed process closes it, as
// one that is told to end in the middle of its work, or for good. It stays the same port.

import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { UsageFault } from '../../schemas/failure.ts'

export interface Listener {
  /** The port; 0 until it was first opened, when any free one was asked for. */
  readonly port: number
  /** Opens the port. Rejects with a UsageFault when it cannot be had. */
  open(): Promise<void>
  /** Closes the port and resets every connection, as the system does for a killed process; `spared` may live on. */
  kill(spared?: Socket | null): void
  /** Closes the port and the connections without a request; the others stay open, and nothing is said on them. */
  fallSilent(): void
  /** Closes the port and all connections, silent ones too. */
  close(): Promise<void>
}

/** A listener that has not opened its port yet. */
export function createListener(host: string, wantedPort: number, handle: RequestListener): Listener {
  let port = wantedPort
  let server: Server | null = null
  const sockets = new Set<Socket>()
  return {
    get port() {
      return port
    },
    async open() {
      if (server !== null) return
      const opened = createServer(handle)
      opened.requestTimeout = 0
      opened.keepAliveTimeout = 5000
      opened.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      server = opened
      try {
        await listen(opened, port, host)
      } catch (error) {
        server = null
        throw error
      }
      port = (opened.address() as AddressInfo).port
    },
    kill(spared) {
      server?.close()
      server = null
      for (const socket of sockets) if (socket !== spared) socket.resetAndDestroy()
    },
    fallSilent() {
      server?.close()
      server = null
    },
    async close() {
      const closed = server
      server = null
      const ended = closed && new Promise((resolve) => closed.close(resolve))
      for (const socket of sockets) socket.destroy()
      await ended
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

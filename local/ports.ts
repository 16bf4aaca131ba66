// TCP ports of this machine's loopback.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { UsageFault } from '../schemas/failure.ts'

/** True if nobody listens on this port of 127.0.0.1. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null
}

// Below the ports that systems give to outgoing connections, so that one is likely to be free at the next start too.
const LOWEST = 20_000
const HIGHEST = 32_000
const TRIES = 50

/** A port of 127.0.0.1 that nobody listens on, outside of `except`. It is not kept: somebody may take it meanwhile. */
export async function freePort(except: readonly number[] = []): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST)
    if (!except.includes(port) && (await isPortFree(port))) return port
  }
  const any = await listenOnce(0)
  if (any === null) throw new Error('no free port on 127.0.0.1')
  return any
}

/**
 * The port for a service: the wanted one (UsageFault if somebody has it), else that of its last start, else a free
 * one. `onMove` is called when the last one is taken.
 */
export async function choosePort(choice: {
  service: string
  wanted: number | undefined
  last: number | undefined
  onMove: (from: number, to: number) => void
}): Promise<number> {
  const port = choice.wanted ?? choice.last
  if (port !== undefined && (await isPortFree(port))) return port
  if (choice.wanted !== undefined) {
    throw new UsageFault(
      `Port ${choice.wanted} for ${choice.service} is taken by another program: choose another one, or leave it out for a free one.`,
    )
  }
  const moved = await freePort()
  if (port !== undefined) choice.onMove(port, moved)
  return moved
}

async function listenOnce(port: number): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    })
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : null)
      })
    })
  })
}

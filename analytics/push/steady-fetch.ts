// fetch for uploads: counts the bytes that leave and tries again what a cut connection or a busy server has stopped.
// Promise: a body is read anew for each try, as a stream.

import { setTimeout as sleep } from 'node:timers/promises'

export interface Steady {
  readonly signal: AbortSignal
  /** Bytes of bodies that are files, sent so far. */
  readonly onSent: (bytes: number) => void
  readonly wait?: (milliseconds: number) => Promise<void>
  /** Why a try failed, and milliseconds until the next one. */
  readonly onWait?: ((why: string, milliseconds: number) => void) | undefined
}

const TRIES = 6
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 60_000
/** What a server says when it would take the same request later. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Node's fetch keeps a copy of the body for redirects, in memory, but where the standard says that there is no need: with
 * no window and no redirects.
 */
const UNCLONED = { window: null, redirect: 'error' } as const

/** A fetch that resolves with the last answer and rejects with the last error. */
export function steadyFetch({ signal, onSent, wait, onWait }: Steady): typeof fetch {
  const pause =
    wait ??
    (async (milliseconds: number) => {
      await sleep(milliseconds, undefined, { signal })
    })
  let sent = 0
  const count = (bytes: number): void => {
    sent += bytes
    onSent(sent)
  }
  return async (input, init) => {
    for (let tries = 1; ; tries += 1) {
      const last = tries === TRIES
      // A stream is read on for a moment after its try has failed.
      const attempt = { sent: 0, isOver: false }
      const body = init?.body
      if (body instanceof Blob)
        countStream(body, (bytes) => {
          if (attempt.isOver) return
          attempt.sent += bytes
          count(bytes)
        })
      let why: string
      let waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1))
      try {
        const response = await fetch(input, body instanceof Blob ? { ...init, ...UNCLONED } : init)
        if (response.ok || last || !PASSING.has(response.status)) return response
        waitMs = retryAfter(response) ?? waitMs
        why = `it says ${response.status}`
        await response.body?.cancel()
      } catch (error) {
        // fetch rejects with TypeError where the connection is the reason, and with the signal's reason.
        if (last || !(error instanceof TypeError) || signal.aborted || init?.signal?.aborted === true) throw error
        why = reasonOf(error)
      }
      attempt.isOver = true
      count(-attempt.sent)
      onWait?.(why, waitMs)
      await pause(waitMs)
      signal.throwIfAborted()
    }
  }
}

/** What lies behind fetch's own "fetch failed": the code of the connection's error, or its words. */
export function reasonOf(error: Error): string {
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return (cause as NodeJS.ErrnoException).code ?? cause.message
}

/** Tells of every piece that is read from the blob from now on. fetch knows the length from the blob itself. */
function countStream(blob: Blob, told: (bytes: number) => void): void {
  const prototype = Object.getPrototypeOf(blob) as Blob
  const counted = (): ReturnType<Blob['stream']> =>
    prototype.stream.call(blob).pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(piece, controller) {
          told(piece.byteLength)
          controller.enqueue(piece)
        },
      }),
    )
  Object.defineProperty(blob, 'stream', { value: counted, configurable: true })
}

/** Milliseconds that the server asks for; null: it does not say. */
function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(LONGEST_WAIT_MS, seconds * 1000) : null
}

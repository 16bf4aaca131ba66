// Replies as a fault leaves them: cut in the middle, with a clean end or a reset connection, or without a true reason
// for their end. Without a fault they go out as they are.

import type { ServerResponse } from 'node:http'
import type { Fault } from './front-mischief.ts'
import type { EventStream } from './front-stream.ts'
import { replyText } from './http.ts'

/** Resets the connection of a reply: the client sees ECONNRESET. */
export function resetConnection(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** Resets the connection behind the text, a moment later: a client that has not read it yet would see a mere end. */
function writeAndReset(response: ServerResponse, text: string): void {
  response.write(text, () => {
    setTimeout(() => {
      resetConnection(response)
    }, READ_MS)
  })
}

/** Sends a JSON reply, spoiled as the fault says. */
export function replyWithFault(response: ServerResponse, fault: Fault | null, body: unknown): void {
  const text = JSON.stringify(fault === null ? body : renamed(body, fault))
  const half = text.slice(0, Math.ceil(text.length / 2))
  if (fault?.kind === 'truncated') {
    replyText(response, 200, 'application/json', half)
  } else if (fault?.kind === 'reset-body') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    writeAndReset(response, half)
  } else {
    replyText(response, 200, 'application/json', text)
  }
}

/** Time for a client to read what came before a reset. */
const READ_MS = 5

/** Chunks of a stream that come whole before it is cut. */
const WHOLE_CHUNKS = 2

/** A stream that is spoiled as the fault says. */
export function streamWithFault(events: EventStream, response: ServerResponse, fault: Fault | null): EventStream {
  if (fault === null) return events
  const { kind } = fault
  if (kind !== 'truncated' && kind !== 'reset-body') {
    return {
      send: (chunk) => {
        events.send(renamed(chunk, fault))
      },
      end: (error) => {
        events.end(error)
      },
    }
  }
  let sent = 0
  const cut = (line: string): void => {
    sent = WHOLE_CHUNKS + 1
    if (kind === 'truncated') response.end(line)
    else writeAndReset(response, line)
  }
  return {
    send: (chunk) => {
      sent += 1
      if (sent <= WHOLE_CHUNKS) events.send(chunk)
      else if (sent === WHOLE_CHUNKS + 1) cut(`data: ${JSON.stringify(chunk).slice(0, 40)}`)
    },
    end: () => {
      if (sent <= WHOLE_CHUNKS) cut('data: {"id":')
    },
  }
}

/** A reply or a chunk with the finish reason that the fault gives. */
function renamed(body: unknown, { kind }: Fault): unknown {
  if (kind !== 'finish-null' && kind !== 'abort') return body
  const reason = kind === 'abort' ? 'abort' : null
  const { choices } = body as { choices: readonly { readonly finish_reason: string | null }[] }
  return {
    ...(body as object),
    choices: choices.map((choice) => (choice.finish_reason === null ? choice : { ...choice, finish_reason: reason })),
  }
}

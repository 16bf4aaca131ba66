// Server-sent events: one `data:` line a chunk, `[DONE]` at the end. An error after the first byte is a chunk too,
// for the status has gone out; `[DONE]` follows it all the same, as with vLLM.

import type { ServerResponse } from 'node:http'
import { toFault } from './front-faults.ts'

export interface EventStream {
  send(chunk: unknown): void
  /** Ends the stream; with an error its body goes before. */
  end(error?: unknown): void
}

/** Sends the head and returns the stream. */
export function openEventStream(response: ServerResponse): EventStream {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  return {
    send: (chunk) => {
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    },
    end: (error) => {
      if (error !== undefined) {
        response.write(`data: ${JSON.stringify(toFault(error).body)}\n\n`)
      }
      response.end('data: [DONE]\n\n')
    },
  }
}

/** Passes pieces on one late, so that the last one can be told apart and carry the finish reason. */
export function holdLast(onPiece: (piece: string) => void): { push: (piece: string) => void; last: () => string } {
  let held: string | null = null
  return {
    push: (piece) => {
      if (held !== null) onPiece(held)
      held = piece
    },
    last: () => held ?? '',
  }
}

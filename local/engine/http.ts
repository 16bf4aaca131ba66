// The few things of node:http that the front needs: a body read whole, JSON as Python's parser takes it, one reply.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { invalidShape, wrongMediaType } from './front-faults.ts'
import type { ShapeFault } from './front-faults.ts'

/** Reads a request's body whole. Rejects when the client goes away in the middle. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    request.on('error', reject)
  })
}

/** The body as a JSON object; else the 400 that vLLM sends. NaN and Infinity are numbers here, as in Python. */
export function parseBody(request: IncomingMessage, body: Buffer): Record<string, unknown> {
  const contentType = request.headers['content-type'] ?? 'application/json'
  if (!/^application\/(?:[a-z.-]+\+)?json/i.test(contentType)) throw wrongMediaType()
  const text = body.toString('utf8')
  if (text === '') throw invalidShape([{ type: 'missing', loc: 'body', msg: 'Field required', input: null }])
  const value = parseLoosely(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  const msg = 'Input should be a valid dictionary or object to extract fields from'
  throw invalidShape([{ type: 'model_attributes_type', loc: 'body', msg, input: value }])
}

const NOT_A_NUMBER = '\u0001NaN'

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (first) {
    const python = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) => {
      if (found.startsWith('"')) return found
      return found === 'NaN' ? JSON.stringify(NOT_A_NUMBER) : found.startsWith('-') ? '-1e999' : '1e999'
    })
    if (python === text) throw invalidShape([jsonFault(text, first)])
    try {
      return JSON.parse(python, (_, value: unknown) => (value === NOT_A_NUMBER ? Number.NaN : value))
    } catch (second) {
      throw invalidShape([jsonFault(text, second)])
    }
  }
}

/** Python's words for a syntax error, as near as V8's tell. */
function jsonFault(text: string, error: unknown): ShapeFault {
  const message = error instanceof Error ? error.message : ''
  const place = /at position (\d+)/.exec(message)
  const at = place ? Number(place[1]) : text.length
  let why = 'Expecting value'
  if (/property name/i.test(message)) why = 'Expecting property name enclosed in double quotes'
  else if (/',' or/.test(message)) why = "Expecting ',' delimiter"
  else if (/':'/.test(message)) why = "Expecting ':' delimiter"
  else if (/unterminated string/i.test(message)) why = 'Unterminated string starting at'
  else if (/after JSON/i.test(message)) why = 'Extra data'
  const ctx = `'error': ${why.includes("'") ? `"${why}"` : `'${why}'`}`
  return { type: 'json_invalid', loc: `body.${at}`, msg: 'JSON decode error', input: {}, ctx }
}

type Headers = Readonly<Record<string, string>>

/** Sends a whole JSON reply; undefined: an empty one. */
export function replyJson(response: ServerResponse, status: number, body: unknown, headers?: Headers): void {
  replyText(response, status, 'application/json', body === undefined ? '' : JSON.stringify(body), headers)
}

/** Sends a whole reply; with an empty text only the status. */
export function replyText(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers?: Headers,
): void {
  const length = Buffer.byteLength(text)
  const entity = length === 0 ? { 'content-length': 0 } : { 'content-type': contentType, 'content-length': length }
  response.writeHead(status, headers === undefined ? entity : { ...headers, ...entity })
  response.end(text)
}

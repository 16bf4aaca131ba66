// Who may speak to the dashboard. Promises: a page of another site reaches nothing, whatever name it gives this machine
// (DNS rebinding: the Host header must be one that we listen under; cross-site requests are refused by Origin and
// Sec-Fetch-Site); where a token is set, nothing but the page's own files is given without it.

import { timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { UsageFault } from '../schemas/failure.ts'

export interface GuardOptions {
  /** Names and addresses under which the dashboard is asked for, without port. */
  readonly hosts: readonly string[]
  /** null: everybody who reaches the port may read. */
  readonly token: string | null
}

/** The part of a request that a guard looks at. */
export interface Asked {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The page's own files hold no data: they are given without a token. */
  readonly isPage: boolean
}

export interface Refusal {
  readonly status: 401 | 403 | 421
  readonly message: string
}

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']
/** A token that can be guessed is none. */
const LEAST_TOKEN = 16

/** Is this an address that only this machine reaches? */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/**
 * The guard of a dashboard that listens on this address. Throws UsageFault where others than this machine reach it
 * and no token is set, and for a token of fewer than 16 characters.
 */
export function guardOf(
  host: string,
  token: string | null,
  tokenName: string,
  otherHosts: readonly string[],
): GuardOptions {
  if (token === null && !isLoopback(host))
    throw new UsageFault(
      `--host ${host} lets other machines read the dashboard, so it needs a token: set the environment variable ${tokenName} (16 characters or more), or listen on 127.0.0.1`,
    )
  if (token !== null && token.length < LEAST_TOKEN)
    throw new UsageFault(
      `the token in ${tokenName} is shorter than ${LEAST_TOKEN} characters; openssl rand -hex 24 makes one`,
    )
  return { hosts: [...LOOPBACK, ...(isIP(host) === 6 ? [`[${host}]`] : [host]), ...otherHosts], token }
}

/** Why a request is refused; null: it may pass. */
export function refusalOf({ hosts, token }: GuardOptions, { headers, isPage }: Asked): Refusal | null {
  const host = one(headers['host'])
  if (host === null || !hosts.includes(nameOf(host)))
    return { status: 421, message: `this dashboard is not known as ${host ?? 'nothing'}; --allow-host adds a name` }
  const origin = one(headers['origin'])
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`)
    return { status: 403, message: 'the request comes from a page of another site' }
  const site = one(headers['sec-fetch-site'])
  if (!isPage && site !== null && site !== 'same-origin' && site !== 'none')
    return { status: 403, message: 'the request comes from a page of another site' }
  if (token === null || isPage || isToken(one(headers['authorization']), token)) return null
  return { status: 401, message: 'the token is missing or wrong (Authorization: Bearer …)' }
}

function one(value: string | readonly string[] | undefined): string | null {
  return typeof value === 'string' ? value : null
}

/** The name in a Host header, in lower case. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}

function isToken(authorization: string | null, token: string): boolean {
  const given = Buffer.from(authorization ?? '')
  const expected = Buffer.from(`Bearer ${token}`)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

// The client id of a process names its machine and its number, so that others can tell a dead member from a slow one.

import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** `base` with this machine and process, as magpie@host.4026531836.1234. */
export function clientIdOfProcess(base: string, pid: number = process.pid): string {
  return `${base}@${machine()}.${pid}`
}

/** The process number in a client id of this machine; null for any other. */
export function processOfClientId(clientId: string): number | null {
  const place = clientId.lastIndexOf('@')
  const dot = clientId.lastIndexOf('.')
  if (place < 0 || dot < place || clientId.slice(place + 1, dot) !== machine()) return null
  const pid = Number(clientId.slice(dot + 1))
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null
}

/** Host name and, on Linux, the process namespace: containers may share a name, but not their process numbers. */
function machine(): string {
  let namespace = '0'
  try {
    namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    // Not Linux: the host name says enough.
  }
  return `${hostname()}.${namespace}`
}

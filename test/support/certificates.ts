// Certificates for tests, made by openssl in a folder of their own: an authority, a server for localhost and 127.0.0.1,
// a client, an expired server, and another authority that nobody trusts.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Pair {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
  /** Key and certificate in one file, as Kafka takes them. */
  readonly both: string
}

export interface Certificates {
  /** Path of the authority's certificate. */
  readonly ca: string
  readonly otherCa: string
  readonly server: Pair
  readonly client: Pair
  readonly expired: Pair
}

/** Makes them all; about a second. */
export function makeCertificates(folder: string): Certificates {
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const authority = (name: string): string => {
    const words = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`]
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...words)
    return join(folder, `${name}.pem`)
  }
  const signed = (name: string, dates: readonly string[] = ['-days', '2']): Pair => {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    )
    writeFileSync(join(folder, `${name}.ext`), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
    const by = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, ...dates, '-out', `${name}.pem`)
    const [key, cert, both] = ['key', 'pem', 'both.pem'].map((end) => join(folder, `${name}.${end}`)) as [
      string,
      string,
      string,
    ]
    writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'))
    return { cert, key, both }
  }
  const ca = authority('authority')
  return {
    ca,
    otherCa: authority('other'),
    server: signed('server'),
    client: signed('client'),
    expired: signed('expired', ['-days', '-1']),
  }
}

// A config's TLS section, the same for Kafka, ClickHouse and model servers: files of certificates, and the client's key
// by file or by the name of an environment variable. Promise: every fault of a file (missing, no PEM, expired, a key of
// another certificate) is found before the first connection, and no message holds a key.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'

/** The NAME of an environment variable. */
export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is the NAME of an environment variable that holds the secret, not the secret')

export const tlsConfig = z.strictObject({
  ca: z.string().min(1).optional().describe('File with the certificate authority (PEM); else those of the system'),
  cert: z.string().min(1).optional().describe('File with our own certificate (PEM), where the server asks for one'),
  key: z.string().min(1).optional().describe("File with that certificate's key (PEM)"),
  keyEnv: variableName.optional().describe('Name of the environment variable that holds the key (PEM)'),
  passphraseEnv: variableName.optional().describe('Name of the environment variable that holds the passphrase'),
  rejectUnauthorized: z.boolean().default(true).describe('false takes any certificate, which protects from nobody'),
})

export type TlsConfig = z.infer<typeof tlsConfig>

/** What a connection takes. Holds a key: never logged. */
export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly rejectUnauthorized: boolean
}

export interface TlsFault {
  readonly field: keyof TlsConfig
  /** What is wrong, and after a semicolon what to do. */
  readonly text: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Reads files (paths start at `folder`) and variables; with faults the material is not whole. */
export function readTls(
  config: Partial<TlsConfig>,
  environment: Environment,
  { folder = process.cwd(), now = Date.now() }: { folder?: string; now?: number } = {},
): { material: TlsMaterial; faults: TlsFault[] } {
  const faults: TlsFault[] = []
  const refuse = (field: keyof TlsConfig, text: string): undefined => {
    faults.push({ field, text })
    return undefined
  }
  const file = (field: 'ca' | 'cert' | 'key'): string | undefined => {
    const path = config[field]
    if (path === undefined) return undefined
    try {
      return readFileSync(resolve(folder, path), 'utf8')
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      refuse(field, `${resolve(folder, path)} cannot be read (${code}); give the path of a PEM file`)
      return
    }
  }
  const variable = (field: 'keyEnv' | 'passphraseEnv'): string | undefined => {
    const name = config[field]
    if (name === undefined) return undefined
    const value = environment[name]
    if (value !== undefined && value !== '') return value
    refuse(field, `names the environment variable ${name}, which is not set; set it, or take ${field} out`)
  }
  const certificate = (field: 'ca' | 'cert', text: string | undefined): X509Certificate | undefined => {
    if (text === undefined) return undefined
    try {
      const read = new X509Certificate(text)
      if (read.validToDate.getTime() >= now) return read
      refuse(field, `${config[field] ?? ''} has expired on ${read.validToDate.toISOString()}; renew it`)
      return
    } catch {
      refuse(field, `${config[field] ?? ''} holds no certificate in PEM form; convert it with openssl x509`)
      return
    }
  }
  const ca = file('ca')
  certificate('ca', ca)
  const cert = file('cert')
  const own = certificate('cert', cert)
  if (config.key !== undefined && config.keyEnv !== undefined)
    refuse('keyEnv', 'and key are both given; take one of them out')
  const keyField = config.key === undefined ? 'keyEnv' : 'key'
  const key = config.key === undefined ? variable('keyEnv') : file('key')
  const passphrase = variable('passphraseEnv')
  const isGiven = config.key !== undefined || config.keyEnv !== undefined
  if (config.cert !== undefined && !isGiven) refuse('cert', 'is given without its key; give key or keyEnv too')
  if (isGiven && config.cert === undefined) refuse(keyField, 'is given without a certificate; give cert too')
  const privateKey = key === undefined ? undefined : keyOf(key, passphrase)
  if (key !== undefined && privateKey === undefined)
    refuse(keyField, 'is no PEM key that can be read with this passphrase; see passphraseEnv')
  if (own !== undefined && privateKey !== undefined && !own.checkPrivateKey(privateKey))
    refuse(keyField, 'is the key of another certificate; give the one that cert was made with')
  return {
    material: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
      rejectUnauthorized: config.rejectUnauthorized ?? true,
    },
    faults,
  }
}

function keyOf(pem: string, passphrase: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch {
    return undefined // the caller says which field it is; OpenSSL's words may quote the key
  }
}

/** What a TLS error says to the one who wrote the config; null: the error is none of TLS. */
export function tlsAdvice(error: unknown): string | null {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || !TLS_CODE.test(code)) return null
  for (const [pattern, advice] of ADVICE) if (pattern.test(code)) return `${advice} (${code})`
  const words = typeof message === 'string' ? message.split('\n')[0]!.slice(0, 200) : ''
  return `the TLS handshake failed: ${words} (${code})`
}

const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_PURPOSE)/

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)|^EPROTO/,
    'the port speaks no TLS; use its plain form, or give its TLS port',
  ],
  [/^CERT_HAS_EXPIRED/, "the server's certificate has expired; renew it there"],
  [/^CERT_NOT_YET_VALID/, "the server's certificate is not valid yet; look at the clocks of both machines"],
  [
    /ALTNAME_INVALID|^HOSTNAME_MISMATCH/,
    "the server's certificate is for another host name; give the name that it is for",
  ],
  [
    /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/,
    "the server's certificate is not signed by an authority that is trusted here; give the file of its authority as ca",
  ],
  [
    /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)|ALERT_NUMBER/,
    'the server refuses our certificate, or misses one; give one that it trusts as cert and key',
  ],
]

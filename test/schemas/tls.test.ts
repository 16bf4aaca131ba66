// The files of a TLS section are looked at before anything is connected: each fault has its field and says what to do.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { readTls, tlsConfig } from '../../schemas/tls.ts'
import type { TlsConfig } from '../../schemas/tls.ts'
import { makeCertificates } from '../support/certificates.ts'
import type { Certificates } from '../support/certificates.ts'

describe('the files of a TLS section', () => {
  let folder = ''
  let made: Certificates
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-tls-'))
    made = makeCertificates(folder)
    await writeFile(join(folder, 'text.pem'), 'no certificate')
    const words = ['pkey', '-in', made.client.key, '-aes256', '-passout', 'pass:opensesame', '-out', 'locked.key']
    execFileSync('openssl', words, { cwd: folder })
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const faultsOf = (config: Partial<TlsConfig>, environment: Record<string, string> = {}): string[] =>
    readTls(config, environment, { folder }).faults.map(({ field, text }) => `${field}: ${text}`)

  it('fit: paths start at the folder, a key may come from the environment, with a passphrase', () => {
    assert.deepEqual(faultsOf({ ca: 'authority.pem', cert: 'client.pem', key: 'client.key' }), [])
    const key = readFileSync(made.client.key, 'utf8')
    assert.deepEqual(faultsOf({ cert: 'client.pem', keyEnv: 'CLIENT_KEY' }, { CLIENT_KEY: key }), [])
    const locked = { cert: 'client.pem', key: 'locked.key', passphraseEnv: 'PASS' }
    assert.deepEqual(faultsOf(locked, { PASS: 'opensesame' }), [])
    assert.match(faultsOf(locked, { PASS: 'wrong' }).join(), /^key: is no PEM key that can be read/)
  })

  it('do not fit, each for its own reason', () => {
    assert.match(faultsOf({ ca: 'gone.pem' }).join(), /^ca: \/.*gone\.pem cannot be read \(ENOENT\)/)
    assert.match(faultsOf({ ca: 'text.pem' }).join(), /^ca: text\.pem holds no certificate in PEM form/)
    assert.match(faultsOf({ cert: 'expired.pem', key: 'expired.key' }).join(), /^cert: expired\.pem has expired on 20/)
    assert.match(faultsOf({ cert: 'client.pem', key: 'server.key' }).join(), /^key: is the key of another certificate/)
    assert.match(faultsOf({ cert: 'client.pem' }).join(), /^cert: is given without its key/)
    assert.match(faultsOf({ key: 'client.key' }).join(), /^key: is given without a certificate/)
    assert.match(
      faultsOf({ cert: 'client.pem', keyEnv: 'GONE' }).join(),
      /^keyEnv: names the environment variable GONE/,
    )
  })

  it('never take a key itself where a name is asked for', () => {
    assert.ok(!tlsConfig.safeParse({ keyEnv: readFileSync(made.client.key, 'utf8') }).success)
  })
})

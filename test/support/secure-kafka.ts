// A real broker that guards its doors, for tests: one listener with TLS, one with TLS that asks for a client's
// certificate, one with an expired certificate, and logins by PLAIN and SCRAM with TLS and without.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findJava, kafkaJars } from '../../local/kafka-jars.ts'
import { probeKafka } from '../../local/kafka-probe.ts'
import { brokerProperties } from '../../local/kafka-properties.ts'
import { freePort } from '../../local/ports.ts'
import { runToolOrFail } from '../../local/tool.ts'
import { makeCertificates } from './certificates.ts'
import type { Certificates } from './certificates.ts'

/** Name of a listener and the protocol that it speaks. */
const LISTENERS = {
  tls: 'SSL',
  mutual: 'SSL',
  expired: 'SSL',
  login: 'SASL_SSL',
  plainlogin: 'SASL_PLAINTEXT',
} as const

export type Listener = keyof typeof LISTENERS | 'open'

export interface SecureKafka {
  readonly certificates: Certificates
  /** 127.0.0.1:port of a listener. */
  readonly at: Readonly<Record<Listener, string>>
  /** User of every login. */
  readonly user: string
  readonly password: string
  readonly folder: string
  stop(): Promise<void>
}

/** Starts it; about ten seconds. */
export async function startSecureKafka(password = 'wonder-l4nd-pass'): Promise<SecureKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-secure-kafka-'))
  const certificates = makeCertificates(folder)
  const user = 'alice'
  const names = Object.keys(LISTENERS) as (keyof typeof LISTENERS)[]
  const ports: number[] = []
  for (let index = 0; index < names.length + 2; index += 1) ports.push(await freePort(ports))
  const [port = 0, controllerPort = 0, ...rest] = ports
  const at = { open: `127.0.0.1:${port}` } as Record<Listener, string>
  for (const [index, name] of names.entries()) at[name] = `127.0.0.1:${rest[index]}`
  const all = ['PLAINTEXT', ...names.map((name) => name.toUpperCase())]
  const urls = [
    `PLAINTEXT://${at.open}`,
    ...names.map((name) => `${name.toUpperCase()}://${at[name]}`),
    `CONTROLLER://127.0.0.1:${controllerPort}`,
  ].join(',')
  const jaas = (module: string, more = ''): string => `org.apache.kafka.common.security.${module} required${more};`
  const own: Record<string, string> = {
    listeners: urls,
    'advertised.listeners': urls,
    'listener.security.protocol.map': [
      'CONTROLLER:PLAINTEXT',
      'PLAINTEXT:PLAINTEXT',
      ...names.map((name) => `${name.toUpperCase()}:${LISTENERS[name]}`),
    ].join(','),
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': certificates.server.both,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': certificates.ca,
    'listener.name.mutual.ssl.client.auth': 'required',
    'listener.name.expired.ssl.keystore.type': 'PEM',
    'listener.name.expired.ssl.keystore.location': certificates.expired.both,
  }
  for (const name of ['login', 'plainlogin']) {
    own[`listener.name.${name}.plain.sasl.jaas.config`] = jaas('plain.PlainLoginModule', ` user_${user}="${password}"`)
    for (const bits of ['256', '512'])
      own[`listener.name.${name}.scram-sha-${bits}.sasl.jaas.config`] = jaas('scram.ScramLoginModule')
  }
  const properties = join(folder, 'server.properties')
  const lines = Object.entries(own).map(([key, value]) => `${key}=${value}\n`)
  // Of a setting that is there twice, the later one counts.
  await writeFile(
    properties,
    brokerProperties({ port, controllerPort, dataFolder: join(folder, 'data') }) + lines.join(''),
  )
  const java = await findJava()
  const words = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(await kafkaJars({}), '*')]
  const scram = ['256', '512'].flatMap((bits) => [
    '--add-scram',
    `SCRAM-SHA-${bits}=[name=${user},password=${password}]`,
  ])
  const format = ['kafka.tools.StorageTool', 'format', '--standalone', '-t', 'AAAAAAAAQACAAAAAAAAAAQ', '-c', properties]
  await runToolOrFail('kafka-format', java, [...words, ...format, ...scram])
  const logFile = join(folder, 'kafka.log')
  const child = spawn(
    java,
    [
      ...words,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      `-Dorg.slf4j.simpleLogger.logFile=${logFile}`,
      'kafka.Kafka',
      properties,
    ],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  for (let tries = 0; ((await probeKafka(port))?.brokers.length ?? 0) === 0; tries += 1) {
    if (tries > 300 || child.exitCode !== null) {
      const said = await readFile(logFile, 'utf8').catch(() => '')
      child.kill('SIGKILL')
      throw new Error(`the guarded broker did not come up:\n${all.join(' ')}\n${said.slice(-4000)}`)
    }
    await wait(200)
  }
  return { certificates, at, user, password, folder, stop }
}

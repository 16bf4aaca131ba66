// A real ClickHouse server for tests: the engine that the program ships as a library, behind ClickHouse's own HTTP
// interface (clickhouse-process.ts), with the users that a test gives it. As strict as a server is shipped: a user needs
// rights on system tables and on table engines. Promise: close() ends the process and removes its folder.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../local/ports.ts'

/** Names the database of another server, whose tables tests may empty, for those that need no users of their own. */
export const GIVEN_SERVER = process.env['MAGPIE_TEST_CLICKHOUSE_URL']

const PROGRAM = join(import.meta.dirname, 'clickhouse-process.ts')
const DATABASE = 'magpie'
const START_MS = 60_000

export interface ServerUser {
  readonly name: string
  readonly password: string
  /** As `GRANT SELECT ON magpie.*`. */
  readonly grants: readonly string[]
  /** Settings of its sessions. */
  readonly settings?: Readonly<Record<string, string | number>>
}

export interface TestServer {
  /** Of an empty database, for a user who may do everything: http://127.0.0.1:PORT/magpie. */
  readonly url: string
  readonly pid: number
  /** What it answers to whom may do everything. Throws what ClickHouse says. */
  ask(sql: string): Promise<string>
  /** kill -9. */
  kill(): Promise<void>
  /** After a kill: the same folder at the same port. */
  startAgain(): Promise<void>
  close(): Promise<void>
}

/** Starts one; its only user but those given is `default`, without a password. port: any free one unless given. */
export async function startTestServer({
  users = [],
  folder: given,
  port: wanted,
}: { users?: readonly ServerUser[]; folder?: string; port?: number } = {}): Promise<TestServer> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'magpie-server-')))
  await mkdir(folder, { recursive: true })
  const port = wanted ?? (await freePort())
  const [usersFile, configFile] = [join(folder, 'users.xml'), join(folder, 'config.xml')]
  await writeFile(usersFile, usersXml(users))
  await writeFile(configFile, configXml(usersFile))
  const origin = `http://127.0.0.1:${port}`
  const words = [`--path=${join(folder, 'data')}`, `--http_port=${port}`, '--listen_host=127.0.0.1']

  const ask = async (sql: string): Promise<string> => {
    const reply = await fetch(origin, { method: 'POST', body: sql })
    if (!reply.ok) throw new Error(await reply.text())
    return await reply.text()
  }
  const isUp = async (): Promise<boolean> =>
    await fetch(`${origin}/ping`).then(
      ({ ok }) => ok,
      () => false,
    )
  async function start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [PROGRAM, ...words, `--config-file=${configFile}`], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    const said = text(child.stderr)
    for (const end = Date.now() + START_MS; ;) {
      await wait(50)
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > end) {
        child.kill('SIGKILL')
        throw new Error(`no ClickHouse server at port ${port}: ${await said}`)
      }
      if (await isUp()) return child
    }
  }

  let child = await start()
  await ask(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`)
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
  }
  return {
    url: `${origin}/${DATABASE}`,
    get pid() {
      return child.pid!
    },
    ask,
    kill,
    startAgain: async () => {
      child = await start()
    },
    close: async () => {
      await kill()
      if (given === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The empty database of a server: that of GIVEN_SERVER, or of one that is started for it. */
export async function someServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  return GIVEN_SERVER === undefined ? await startTestServer() : { url: GIVEN_SERVER, close: () => Promise.resolve() }
}

function configXml(usersFile: string): string {
  const strict = ['select_from_system_db_requires_grant', 'table_engines_require_grant']
  return element('clickhouse', [
    element('users_config', [usersFile]),
    element(
      'access_control_improvements',
      strict.map((name) => element(name, ['true'])),
    ),
    element('query_log', [element('database', ['system']), element('table', ['query_log'])]),
  ])
}

function usersXml(users: readonly ServerUser[]): string {
  const around = [element('networks', [element('ip', ['127.0.0.1'])]), element('quota', ['default'])]
  const everybody = [{ name: 'default', password: '', grants: ['GRANT ALL ON *.*'], settings: {} }, ...users]
  return element('clickhouse', [
    element(
      'profiles',
      [{ name: 'default', settings: {} }, ...users].map(({ name, settings = {} }) =>
        element(
          name,
          Object.entries(settings).map(([key, value]) => element(key, [String(value)])),
        ),
      ),
    ),
    element('quotas', [element('default', [])]),
    element(
      'users',
      everybody.map(({ name, password, grants }) =>
        element(name, [
          ...around,
          element('password', [password]),
          element('profile', [name]),
          element(
            'grants',
            grants.map((grant) => element('query', [grant])),
          ),
        ]),
      ),
    ),
  ])
}

function element(name: string, content: readonly string[]): string {
  return `<${name}>${content.join('')}</${name}>`
}

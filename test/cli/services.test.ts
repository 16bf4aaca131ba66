// `magpie services` as a command: what it prints, and what it refuses.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')
// The one command alone: the others need not be there for this.
const ENTRY = `
import { Command } from 'commander'
import { addServices } from ${JSON.stringify(join(ROOT, 'cli/services.ts'))}
const program = new Command('magpie')
addServices(program)
await program.parseAsync(['node', 'magpie', ...process.argv.slice(1)])
`

async function magpie(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return {
      code: 0,
      ...(await run(process.execPath, ['--input-type=module', '-e', ENTRY, '--', ...words], { cwd: ROOT })),
    }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}

describe('magpie services', () => {
  let state = ''

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'magpie-cli-services-'))
  })

  after(async () => {
    await magpie('services', 'down', '--state', state)
    await rm(state, { recursive: true, force: true })
  })

  it('says what is stopped, in words and as JSON, and makes no folder for it', async () => {
    const empty = join(state, 'nothing')
    const words = await magpie('services', 'status', '--state', empty)
    assert.equal(words.code, 0)
    assert.equal(words.stdout, 'Kafka        stopped\nsmall model  stopped\n')
    const json = JSON.parse((await magpie('services', 'status', '--state', empty, '--json')).stdout) as {
      state: string
    }[]
    assert.deepEqual(
      json.map((each) => each.state),
      ['stopped', 'stopped'],
    )
    assert.deepEqual(await readdir(state), [])
  })

  it('starts Kafka, finds it again, and stops it', async () => {
    const up = await magpie('services', 'up', '--only', 'kafka', '--state', state)
    assert.equal(up.code, 0, up.stderr)
    assert.match(up.stderr, /^Kafka: preparing its folder\nKafka: starting\nKafka: ready\n$/m)
    assert.match(up.stdout, /^Kafka +running {2}at 127\.0\.0\.1:\d+ {2}pid \d+ {2}\d+ MiB {2}up \d+ s\n$/)
    assert.equal((await magpie('services', 'up', '--only', 'kafka', '--state', state)).stderr, 'Kafka: runs already\n')
    const down = await magpie('services', 'down', '--state', state)
    assert.equal(down.stdout, 'Kafka: stopped\nsmall model: did not run\n')
  })

  it('refuses a port that is taken and services that do not exist', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    try {
      const taken = await magpie('services', 'up', '--only', 'kafka', '--kafka-port', String(port), '--state', state)
      assert.notEqual(taken.code, 0)
      assert.match(taken.stderr, new RegExp(`Port ${port} for the local Kafka is taken`))
    } finally {
      other.close()
    }
    assert.match((await magpie('services', 'up', '--only', 'redis')).stderr, /Allowed choices are kafka, model/)
    assert.match((await magpie('services', 'up', '--kafka-port', '70000')).stderr, /port from 1 to 65535/)
  })
})

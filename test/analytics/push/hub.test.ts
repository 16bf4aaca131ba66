// Pushing to the hub against a stand-in of its API: all files arrive with their bytes, small and large, whole and in parts;
// cut connections and a busy hub cost nothing but time; large files are never in memory; the token is told to nobody else.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pushFiles } from '../../../analytics/push/hub.ts'
import type { HubFile, Push } from '../../../analytics/push/hub.ts'
import { Failure } from '../../../schemas/failure.ts'
import { HUB_TOKEN, startHub } from '../../support/hub-stand-in.ts'
import type { Hub, HubOptions } from '../../support/hub-stand-in.ts'

const SIZES: Readonly<Record<string, number>> = {
  'README.md': 900,
  'manifest.json': 2000,
  'train.parquet': 3_000_000,
  'data/test.parquet': 400_000,
  'empty.txt': 0,
}

describe('pushing to the hub', () => {
  let folder = ''
  let files: HubFile[] = []
  const digests: Record<string, string> = {}

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-push-'))
    for (const [path, size] of Object.entries(SIZES)) {
      const bytes = Buffer.alloc(size, path)
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), bytes)
      digests[path] = createHash('sha256').update(bytes).digest('hex')
    }
    files = Object.keys(SIZES).map((path) => ({ path, file: join(folder, path) }))
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  /** Pushes to a hub of these options; what came of it, and what was told on the way. */
  async function pushed(options: HubOptions, changes: Partial<Push> = {}) {
    const hub = await startHub(options)
    const sent: number[] = []
    const waits: number[] = []
    try {
      const result = await pushFiles({
        ...{ hubUrl: hub.url, repo: 'someone/algebra', branch: 'main', isPrivate: false, token: HUB_TOKEN },
        ...{ title: 'rows', files, signal: AbortSignal.timeout(60_000) },
        onPhase: () => undefined,
        onSent: (bytes) => sent.push(bytes),
        wait: async (milliseconds) => {
          waits.push(milliseconds)
          await Promise.resolve()
        },
        ...changes,
      })
      return { hub, result, sent, waits }
    } finally {
      await hub.close()
    }
  }

  const asked = ({ asked: counts }: Hub, kind: Parameters<Hub['asked']['get']>[0]): number => counts.get(kind) ?? 0

  it('makes the repository, and every file arrives as it is', async () => {
    const { hub, result, sent } = await pushed({}, { isPrivate: true })
    assert.deepEqual([...hub.repos], [['someone/algebra', 'private']])
    assert.equal(hub.commits.length, 1)
    assert.deepEqual(hub.commits[0]?.files, digests)
    assert.deepEqual(hub.commits[0].large.toSorted(), ['data/test.parquet', 'train.parquet'])
    assert.equal(result.commit, 'c1')
    assert.match(result.url, /\/datasets\/someone\/algebra\/commit\/c1$/)
    assert.equal(sent.at(-1), 3_400_000, 'progress ends at all bytes of the large files')
  })

  it('sends a file in the parts that the hub asks for', async () => {
    const { hub } = await pushed({ partBytes: 1_000_000 })
    assert.deepEqual(hub.commits[0]?.files, digests)
    assert.equal(asked(hub, 'put'), 4)
    assert.equal(asked(hub, 'complete'), 1)
  })

  it('makes a branch once', async () => {
    const { hub } = await pushed({}, { branch: 'strict/1' })
    assert.deepEqual([...hub.branches], ['strict/1'])
    assert.equal(hub.commits[0]?.branch, 'strict/1')
  })

  it('tries cut connections and a busy hub again', async () => {
    const some = { exists: 1, create: 1, preupload: 1, batch: 1, put: 2, complete: 1, commit: 1 }
    for (const options of [{ cut: some }, { busy: some }]) {
      const { hub, sent, waits } = await pushed({ ...options, partBytes: 1_000_000 })
      assert.deepEqual(hub.commits[0]?.files, digests)
      assert.equal(hub.commits.length, 1)
      assert.equal(waits.length, 8)
      assert.equal(sent.at(-1), 3_400_000, 'bytes of failed tries do not count')
    }
  })

  it('waits longer each time, says why, and gives up in the end', async () => {
    const waits: number[] = []
    const reasons: string[] = []
    const giving = pushed(
      { cut: { preupload: 100 } },
      {
        wait: async (milliseconds) => {
          waits.push(milliseconds)
          await Promise.resolve()
        },
        onWait: (why, milliseconds) => reasons.push(`${why} ${milliseconds}`),
      },
    )
    await assert.rejects(giving, (error) => {
      assert.ok(error instanceof Failure)
      assert.equal(error.retry, 'transient')
      assert.match(error.message, /^the hub at http:\/\/127\.0\.0\.1:\d+ cannot be reached: UND_ERR_SOCKET$/)
      return true
    })
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000])
    assert.deepEqual(
      reasons,
      waits.map((milliseconds) => `UND_ERR_SOCKET ${milliseconds}`),
    )
  })

  it('says that a token may not write, and not which', async () => {
    await assert.rejects(pushed({ tokens: ['hf_another'] }), (error) => {
      assert.ok(error instanceof Failure)
      assert.deepEqual([error.retry, error.code], ['permanent', 'hub-refused'])
      assert.doesNotMatch(error.message, new RegExp(HUB_TOKEN))
      assert.match(error.message, /\[redacted\]/)
      return true
    })
  })

  it('shows the token to the API alone, not to the storage behind it', async () => {
    const { hub } = await pushed({ partBytes: 1_000_000 })
    assert.deepEqual([...hub.authorizations], [`Bearer ${HUB_TOKEN}`])
  })

  it('stops at the signal', async () => {
    const stop = new AbortController()
    const stopped = pushed(
      {},
      {
        signal: stop.signal,
        onPhase: (phase) => {
          if (phase === 'uploadingLargeFiles') stop.abort()
        },
      },
    )
    await assert.rejects(stopped, { name: 'AbortError' })
  })

  it('keeps a large file out of memory', async () => {
    const size = 300_000_000
    const path = join(folder, 'huge.parquet')
    const handle = await open(path, 'w')
    await handle.truncate(size)
    await handle.close()
    const resident = async (): Promise<number> =>
      Number(/VmHWM:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024
    const before = await resident()
    const { hub } = await pushed({}, { files: [{ path: 'huge.parquet', file: path }] })
    const grown = (await resident()) - before
    assert.equal(hub.commits[0]?.large.length, 1)
    assert.ok(grown < size / 2, `memory grew by ${grown} bytes for a file of ${size}`)
  })
})

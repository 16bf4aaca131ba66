// `magpie push` as a user runs it: an export that is whole goes up, everything else is refused before the hub is asked.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createExporting } from '../analytics/export/exporting.ts'
import { HUB_TOKEN, startHub } from '../support/hub-stand-in.ts'
import type { Hub } from '../support/hub-stand-in.ts'
import { rewarded, sft } from '../support/rows.ts'
import { magpie } from './magpie-process.ts'

describe('magpie push', () => {
  let hub: Hub
  let folder = ''
  let exported = ''

  before(async () => {
    hub = await startHub()
    folder = await mkdtemp(join(tmpdir(), 'magpie-push-'))
    exported = await exportIn(folder)
  })
  after(async () => {
    await hub.close()
    await rm(folder, { recursive: true, force: true })
  })

  const push = async (words: readonly string[], token = HUB_TOKEN) =>
    await magpie(['push', ...words, '--hub-url', hub.url], { HF_TOKEN: token })

  it('uploads what the export has written, and nothing that lies beside it', async () => {
    await writeFile(join(exported, 'notes.txt'), 'mine')
    const { code, stdout, stderr } = await push([exported, '--repo', 'someone/algebra', '--private'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /\/datasets\/someone\/algebra\/commit\/c1\n$/)
    assert.match(stderr, /not pushed, no part of the export: notes\.txt/)
    assert.equal(hub.repos.get('someone/algebra'), 'private')
    const [commit] = hub.commits
    const paths = Object.keys(commit?.files ?? {})
    assert.ok(['README.md', 'manifest.json', 'schema.avsc', 'train.jsonl'].every((path) => paths.includes(path)))
    assert.ok(paths.some((path) => path.startsWith('plots/')) && !paths.includes('notes.txt'))
    for (const [path, digest] of Object.entries(commit?.files ?? {}))
      assert.equal(
        createHash('sha256')
          .update(await readFile(join(exported, path)))
          .digest('hex'),
        digest,
      )
    assert.doesNotMatch(stdout + stderr, new RegExp(HUB_TOKEN))
  })

  it('shows nobody what is to be private', async () => {
    hub.repos.set('someone/open', 'public')
    const commits = hub.commits.length
    const { code, stderr } = await push([exported, '--repo', 'someone/open', '--private'])
    assert.deepEqual([code, hub.commits.length], [2, commits], stderr)
    assert.match(stderr, /someone\/open is there already and everybody can see it: .* leave --private out/)
    assert.equal((await push([exported, '--repo', 'someone/algebra', '--private'])).code, 0, 'it is private')
  })

  it('refuses a folder that is not whole, and asks the hub nothing', async () => {
    const broken = await exportIn(join(folder, 'broken'))
    await appendFile(join(broken, 'train.jsonl'), '{"id":"one more"}\n')
    const asked = hub.asked.size
    const { code, stderr } = await push([broken, '--repo', 'someone/broken'])
    assert.equal(code, 2)
    assert.match(stderr, /train\.jsonl/)
    assert.equal(hub.asked.size, asked)
    assert.equal(hub.repos.has('someone/broken'), false)
  })

  it('says what is wrong with how it is called', async () => {
    const cases: readonly (readonly [readonly string[], string, RegExp])[] = [
      [[exported], HUB_TOKEN, /--repo/],
      [[exported, '--repo', 'nobody'], HUB_TOKEN, /owner\/name/],
      [[exported, '--repo', 'a/b'], '', /HF_TOKEN holds no token/],
      [[exported, '--repo', 'a/b'], 'secret-without-beginning', /does not begin with hf_/],
      [[join(folder, 'nothing'), '--repo', 'a/b'], HUB_TOKEN, /^magpie: \/.*there is nothing; .*magpie export --out/],
      [
        [folder, '--repo', 'a/b'],
        HUB_TOKEN,
        /is no export: .*give the folder that \.\/magpie export --out has written$/m,
      ],
      [[join(exported, 'train.jsonl'), '--repo', 'a/b'], HUB_TOKEN, /train\.jsonl is a file: give the folder/],
    ]
    for (const [words, token, said] of cases) {
      const { code, stderr } = await push(words, token)
      assert.equal(code, 2, stderr)
      assert.match(stderr, said)
      assert.doesNotMatch(stderr, /secret-without/)
    }
    const plain = await magpie(['push', exported, '--repo', 'a/b', '--hub-url', 'http://hub.example'])
    assert.equal(plain.code, 2)
    assert.match(plain.stderr, /unencrypted/)
  })

  it('ends with 1 where the hub refuses the token', async () => {
    const { code, stderr } = await push([exported, '--repo', 'someone/algebra'], 'hf_another_token_1')
    assert.equal(code, 1)
    assert.match(stderr, /refuses the token/)
    assert.doesNotMatch(stderr, /hf_another_token_1/)
  })
})

/** An export that is whole, below this folder. */
async function exportIn(folder: string): Promise<string> {
  const exporting = await createExporting()
  try {
    await exporting.put({ sft: [sft(0), sft(1)], rewarded: [rewarded(0), rewarded(1)] })
    const { path } = await exporting.write({ format: 'jsonl', out: 'exported' })
    await cp(path, join(folder, 'exported'), { recursive: true })
  } finally {
    await exporting.close()
  }
  return join(folder, 'exported')
}

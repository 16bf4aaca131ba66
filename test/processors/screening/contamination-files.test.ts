import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import {
  openContamination,
  readBenchmarks,
  shippedBenchmarks,
} from '../../../processors/screening/contamination-files.ts'
import {
  decodeFingerprint,
  encodeFingerprint,
  fingerprintProblems,
} from '../../../processors/screening/contamination-fingerprint.ts'
import { contaminationConfig } from '../../../processors/screening/contamination.ts'
import { UsageFault } from '../../../schemas/failure.ts'
import { sharedProblems } from '../../support/problems.ts'

const folder = await mkdtemp(join(tmpdir(), 'magpie-benchmarks-'))
after(() => rm(folder, { recursive: true }))
const own = join(folder, 'own.json')
await writeFile(
  own,
  encodeFingerprint({ name: 'own', source: '0'.repeat(64), entries: fingerprintProblems(['What is $2+2$?']) }),
)
await writeFile(join(folder, 'broken.json'), '{}')

describe('benchmarks of a config', () => {
  it('are those that come with Magpie, and own files by paths that start at the folder', () => {
    const { fingerprints, faults } = readBenchmarks(
      ['aime24', './own.json', own.replace('own.json', '../nowhere/x')],
      folder,
    )
    assert.deepEqual(
      fingerprints.map(({ name, entries }) => [name, entries.length]),
      [
        ['aime24', 30],
        ['own', 1],
      ],
    )
    assert.equal(faults.length, 1)
    assert.equal(readBenchmarks('all', folder).fingerprints.length, shippedBenchmarks().length)
  })

  it('are all looked at, and each fault says where, what and what to do', () => {
    const { faults } = readBenchmarks(['foo', 'aime24', 'aime24', 'nowhere.json', 'broken.json', 'own.json'], folder)
    const expected: readonly (readonly [number, RegExp])[] = [
      [0, /^"foo" is no benchmark of Magpie \(there are aime24, .*\); name one of them, or the path/],
      [2, /which is "aime24" once more; take one of them out/],
      [3, /nowhere\.json, which is not there/],
      [4, /broken\.json, which is no fingerprint: format must be/],
    ]
    assert.equal(faults.length, expected.length)
    expected.forEach(([index, text], at) => {
      assert.equal(faults[at]!.index, index)
      assert.match(faults[at]!.text, text)
    })
  })

  it('end the command where one is gone since the config was checked', () => {
    const config = contaminationConfig.parse({ benchmarks: [join(folder, 'gone.json')] })
    assert.throws(() => openContamination(config), UsageFault)
  })
})

describe('benchmarks that come with Magpie', () => {
  it('are named as their files', () => {
    const { fingerprints, faults } = readBenchmarks('all', folder)
    assert.deepEqual(faults, [])
    assert.deepEqual(
      fingerprints.map(({ name }) => name),
      shippedBenchmarks(),
    )
  })

  for (const [name, file] of [
    ['gsm8k', 'benchmarks/gsm8k_test.jsonl'],
    ['aime24', 'benchmarks/aime24.jsonl'],
    ['amc23', 'benchmarks/amc23.jsonl'],
  ] as const) {
    const { lines, skip } = sharedProblems(file)
    it(`holds ${name} as this program fingerprints it today`, { skip }, () => {
      const shipped = decodeFingerprint(
        readFileSync(join(import.meta.dirname, `../../../configs/benchmarks/${name}.json`), 'utf8'),
      )
      assert.ok('entries' in shipped)
      assert.deepEqual(shipped.entries, fingerprintProblems(lines.map(({ problem }) => problem)))
    })
  }
})

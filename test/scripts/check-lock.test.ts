// The check of the lock files finds what it is there for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultsOf } from '../../scripts/check-lock.ts'

const integrity = `sha512-${'A'.repeat(86)}==`
const faults = (locked: object, path = 'node_modules/a'): string[] =>
  faultsOf({ lockfileVersion: 3, packages: { '': {}, [path]: locked } }, new Set(['chdb']))

describe('the check of a lock file', () => {
  it('takes packages of the registry with a hash', () => {
    assert.deepEqual(faults({ version: '1.0.0', integrity }), [])
    assert.deepEqual(faults({ resolved: 'https://registry.npmjs.org/a/-/a-1.tgz', integrity }), [])
    assert.deepEqual(faults({ integrity, hasInstallScript: true }, 'node_modules/chdb'), [])
  })

  it('refuses git, other hosts, folders, missing hashes and unknown scripts', () => {
    assert.match(faults({ resolved: 'git+ssh://git@host/a.git#1', integrity }).join(), /comes from git/)
    assert.match(faults({ resolved: 'http://registry.npmjs.org/a.tgz', integrity }).join(), /comes from http:/)
    assert.match(faults({ resolved: '../a', link: true }).join(), /is a folder/)
    assert.match(faults({}, 'packages/a').join(), /is a folder/)
    assert.match(faults({ version: '1.0.0' }).join(), /no sha512 hash/)
    assert.match(faults({ integrity: 'sha1-abc' }).join(), /no sha512 hash/)
    assert.match(faults({ integrity, hasInstallScript: true }, 'node_modules/b/node_modules/a').join(), /runs a script/)
    assert.match(faultsOf({ lockfileVersion: 2, packages: {} }, new Set()).join(), /lockfileVersion/)
  })
})

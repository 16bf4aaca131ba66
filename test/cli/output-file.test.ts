// What is said where a result cannot be written: a wrong place is the caller's fault (2), a full disk is not (1).

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { outputFault } from '../../cli/output-file.ts'
import { Failure, UsageFault } from '../../schemas/failure.ts'

const errorOf = (code: string) => Object.assign(new Error(`${code}: so it is, write`), { code, syscall: 'write' })

it('a full disk may have room later, a place that is none stays none', () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    const fault = outputFault('rows.csv', errorOf(code))
    assert.ok(fault instanceof Failure)
    assert.deepEqual([fault.retry, fault.code], ['transient', 'disk-full'])
    assert.match(fault.message, /^cannot write the result to rows\.csv: .*make room/)
  }
  const fault = outputFault('rows.csv', errorOf('ENOTDIR'))
  assert.ok(fault instanceof UsageFault)
  assert.match(fault.message, /^rows\.csv: cannot be written .*; give another place with --out$/)
})

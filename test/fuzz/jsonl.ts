// A file to import: each line is a problem or a rejection that says why, and all lines together come to an end.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { checkJsonl, importJsonl } from '../../producers/jsonl.ts'
import { nothingExists } from '../../producers/resume.ts'
import { createCodec } from '../../schemas/codec.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem, Rejection } from '../../schemas/records.ts'
import { mutated } from './mutations.ts'

const codec = await createCodec()
const LINES = [
  '{"problem": "What is 2+2?", "answer": 4}\n{"question": "Find x where x^2=9.", "answer": "3 #### 3", "level": 5}\n\n{"problem": "é🙂"}\r\n',
  '\ufeff{"problem": "What is 2+2?"}\n[1, 2]\n{"problem": 7}\nnull\n{"answer": "1"}\n',
  '{"problem": "a", "problem": "b", "__proto__": {"x": 1}, "toString": "t", "n": 12345678901234567890.10}',
].map((text) => Buffer.from(text))
const TOKENS = [
  '"problem": ',
  '\n',
  '\r\n',
  '{',
  '}',
  '\\ud800',
  '\\u0000',
  '\u2028',
  '"answer": 1e999',
  '"answer": -0',
]

const folder = mkdtempSync(join(tmpdir(), 'magpie-fuzz-'))
process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true })
})
const file = join(folder, 'broken.jsonl')

export const jsonlImport = fc.asyncProperty(mutated(LINES, TOKENS), async (bytes) => {
  writeFileSync(file, bytes)
  await checkJsonl(file).catch((error: unknown) => {
    assert.ok(error instanceof UsageFault, String(error))
    assert.ok(error.faults[0]!.startsWith(file))
  })
  const problems: Problem[] = []
  const rejections: Rejection[] = []
  const end = await importJsonl({
    file,
    runId: 'fuzz',
    revision: 'main',
    signal: new AbortController().signal,
    existing: nothingExists,
    publish: (batch) => Promise.resolve(void problems.push(...batch)),
    reject: (batch) => Promise.resolve(void rejections.push(...batch)),
    room: () => 1000,
    log: silentLogger,
    now: () => 0,
  })
  assert.equal(end, 'end')
  const ended = problems.length + rejections.length
  assert.ok(ended <= bytes.toString('latin1').split('\n').length, 'more ends than lines')
  assert.equal(new Set([...problems, ...rejections].map(({ id }) => id)).size, ended)
  for (const problem of problems) codec.decode('Problem', codec.encode('Problem', problem))
  for (const rejection of rejections) assert.match(rejection.detail ?? '', /^line \d+: /)
})

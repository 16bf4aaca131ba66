import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { checkJsonl, importJsonl, MAX_LINE_BYTES, type JsonlEnd, type JsonlRun } from '../../producers/jsonl.ts'
import { existingProblems, nothingExists } from '../../producers/resume.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { importedId } from '../../schemas/ids.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem, Rejection } from '../../schemas/records.ts'
import { streamOf } from '../support/drain.ts'
import { RUN, sharedProblems } from '../support/problems.ts'

const folder = mkdtempSync(join(tmpdir(), 'magpie-jsonl-'))
after(() => {
  rmSync(folder, { recursive: true })
})

let files = 0
function fileOf(content: string | Buffer): string {
  files += 1
  const file = join(folder, `problems-${files}.jsonl`)
  writeFileSync(file, content)
  return file
}

async function imported(
  content: string | Buffer,
  over: Partial<JsonlRun> = {},
): Promise<{ problems: Problem[]; rejections: Rejection[]; end: JsonlEnd; batches: number[] }> {
  const problems: Problem[] = []
  const rejections: Rejection[] = []
  const batches: number[] = []
  const end = await importJsonl({
    file: fileOf(content),
    runId: RUN,
    revision: 'main',
    signal: new AbortController().signal,
    existing: nothingExists,
    publish: (made) => {
      problems.push(...made)
      batches.push(made.length)
      return Promise.resolve()
    },
    reject: (refused) => {
      rejections.push(...refused)
      return Promise.resolve()
    },
    room: () => 1000,
    log: silentLogger,
    now: () => 5,
    pause: () => new Promise(setImmediate),
    ...over,
  })
  return { problems, rejections, end, batches }
}

const line = (number: number): string =>
  JSON.stringify({ problem: `What is ${number} + ${number}?`, answer: number * 2 })

describe('importing', () => {
  it('reads problem or question, the answer, and the rest as metadata', async () => {
    const { problems, end } = await imported(
      [
        '{"problem": "What is 1+1?", "answer": "2", "level": "Level 1", "id": 17, "hard": false, "tags": ["a"], "none": null}',
        '{"question": "What is 2+2?", "answer": "It is two and two.\\n#### 4"}',
        '{"problem": "What is 3+3?"}',
      ].join('\n'),
    )
    assert.equal(end, 'end')
    assert.deepEqual(
      problems.map(({ text, referenceAnswer, metadata, slot, sourceLine, source }) => ({
        text,
        referenceAnswer,
        metadata,
        slot,
        sourceLine,
        source,
      })),
      [
        {
          text: 'What is 1+1?',
          referenceAnswer: '2',
          metadata: { level: 'Level 1', id: '17', hard: 'false' },
          slot: 0,
          sourceLine: 1,
          source: 'jsonl',
        },
        { text: 'What is 2+2?', referenceAnswer: '4', metadata: {}, slot: 1, sourceLine: 2, source: 'jsonl' },
        { text: 'What is 3+3?', referenceAnswer: null, metadata: {}, slot: 2, sourceLine: 3, source: 'jsonl' },
      ],
    )
    assert.match(problems[0]!.sourceFile ?? '', /^problems-\d+\.jsonl$/)
  })

  for (const [written, reference] of [
    ['42', '42'],
    ['0.10', '0.10'],
    ['12345678901234567890', '12345678901234567890'],
    ['-1e3', '-1e3'],
    ['" "', null],
    ['""', null],
    ['null', null],
    ['"3/4"', '3/4'],
  ] as const) {
    it(`takes the answer ${written} as ${reference ?? 'none'}`, async () => {
      const { problems } = await imported(`{"answer": ${written}, "problem": "How many?"}`)
      assert.equal(problems[0]?.referenceAnswer, reference)
    })
  }

  it('reports broken lines by number, keeps their bytes, and goes on', async () => {
    const { problems, rejections } = await imported(
      Buffer.concat([
        Buffer.from(`${line(1)}\n{"problem": "cut of`),
        Buffer.from(`\n[1, 2]\n{"text": "no problem here"}\n{"problem": 5}\n{"problem": "x", "answer": [1]}\n`),
        Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
        Buffer.from(line(2)),
      ]),
    )
    assert.equal(problems.length, 2)
    assert.deepEqual(
      rejections.map(({ stage, reason }) => [stage, reason]),
      Array.from({ length: 6 }, () => ['jsonl', 'broken-line']),
    )
    const details = rejections.map(({ detail }) => detail ?? '')
    assert.match(details[0]!, /^line 2: not JSON/)
    assert.match(details[1]!, /^line 3: a list/)
    assert.match(details[2]!, /^line 4: there is no field "problem" or "question"; there is text$/)
    assert.match(details[3]!, /^line 5: field "problem" is a number/)
    assert.match(details[4]!, /^line 6: field "answer" is a list/)
    assert.match(details[5]!, /^line 7: not UTF-8/)
    assert.equal(rejections[0]!.record.toString(), '{"problem": "cut of')
    assert.deepEqual(rejections[5]!.record, Buffer.from([0x7b, 0xff, 0x7d]))
  })

  it('takes a byte order mark, CRLF, blank lines and a missing end of line', async () => {
    const { problems, rejections } = await imported(`\ufeff${line(1)}\r\n\r\n   \n${line(2)}\r\n\t\n${line(3)}`)
    assert.equal(rejections.length, 0)
    assert.deepEqual(
      problems.map(({ sourceLine }) => sourceLine),
      [1, 4, 6],
    )
    assert.equal(problems[0]!.id, importedId(RUN, line(1)))
  })

  it('refuses a line beyond all measure, in bounded memory, and goes on', async () => {
    const { problems, rejections } = await imported(
      `${line(1)}\n{"problem": "${'x'.repeat(MAX_LINE_BYTES)}"}\n${line(2)}\n`,
    )
    assert.equal(problems.length, 2)
    assert.equal(rejections.length, 1)
    assert.match(rejections[0]!.detail ?? '', /^line 2: longer than/)
    assert.equal(rejections[0]!.record.length, 65536)
  })

  it('gives identical lines ids of their own, the same in every import', async () => {
    const content = [line(1), line(1), 'broken', line(1), 'broken'].join('\n')
    const first = await imported(content)
    const second = await imported(content)
    const ids = [...first.problems.map(({ id }) => id), ...first.rejections.map(({ problemId }) => problemId)]
    assert.equal(new Set(ids).size, 5)
    assert.deepEqual(ids, [
      ...second.problems.map(({ id }) => id),
      ...second.rejections.map(({ problemId }) => problemId),
    ])
  })

  it('after any restarts has every line once, in whatever place it broke off', async () => {
    const lines = fc.array(fc.constantFrom(line(1), line(2), line(3), 'broken', '{"x":1}'), {
      minLength: 1,
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(lines, fc.array(fc.nat({ max: 20 }), { maxLength: 4 }), async (content, crashes) => {
        const problems: Problem[] = []
        const rejections: Rejection[] = []
        for (const patience of [...crashes, Infinity]) {
          const existing = await existingProblems(RUN, streamOf(problems), streamOf(rejections))
          let left = patience
          const stop = new AbortController()
          await imported(content.join('\n'), {
            existing,
            signal: stop.signal,
            room: () => 3,
            publish: (made) => {
              problems.push(...made)
              left -= made.length
              if (left <= 0) stop.abort(new Error('crash'))
              return Promise.resolve()
            },
            reject: (refused) => {
              rejections.push(...refused)
              return Promise.resolve()
            },
          })
        }
        const ids = [...problems.map(({ id }) => id), ...rejections.map(({ problemId }) => problemId)]
        assert.equal(ids.length, content.length)
        assert.equal(new Set(ids).size, content.length)
        const { size, brokenLines } = await existingProblems(RUN, streamOf(problems), streamOf(rejections))
        assert.deepEqual([size, brokenLines], [content.length, rejections.length])
      }),
      { numRuns: 60 },
    )
  })

  it('publishes no more than there is room for', async () => {
    const { batches } = await imported(Array.from({ length: 700 }, (_, at) => line(at)).join('\n'), { room: () => 100 })
    assert.ok(batches.every((size) => size <= 100))
    assert.equal(
      batches.reduce((sum, size) => sum + size, 0),
      700,
    )
  })

  it('waits while there is none', async () => {
    let looks = 0
    const { problems } = await imported(line(1), {
      room: () => {
        looks += 1
        return looks < 5 ? 0 : 1
      },
    })
    assert.equal(looks, 5)
    assert.equal(problems.length, 1)
  })

  it('stops at the total, broken lines not counted', async () => {
    const { problems, end } = await imported(['broken', line(1), line(2), line(3)].join('\n'), { total: 2 })
    assert.equal(end, 'total')
    assert.deepEqual(
      problems.map(({ sourceLine }) => sourceLine),
      [2, 3],
    )
  })

  it('stops when enough was accepted, and when aborted', async () => {
    const accepted = await imported(Array.from({ length: 600 }, (_, at) => line(at)).join('\n'), {
      shouldStop: () => true,
    })
    assert.deepEqual([accepted.end, accepted.problems.length], ['accepted', 0])
    const aborted = await imported(line(1), { signal: AbortSignal.abort() })
    assert.deepEqual([aborted.end, aborted.problems.length], ['aborted', 0])
  })

  it('reads the benchmarks whole', async (t) => {
    const { lines, skip } = sharedProblems('benchmarks/gsm8k_test.jsonl')
    if (skip !== false) {
      t.skip(skip)
      return
    }
    const { problems, rejections } = await imported(lines.map((each) => JSON.stringify(each)).join('\n'), {
      room: () => 10_000,
    })
    assert.equal(rejections.length, 0)
    assert.deepEqual(
      problems.map(({ text, referenceAnswer }) => [text, referenceAnswer]),
      lines.map(({ problem, answer }) => [problem, answer]),
    )
  })
})

describe('checking a file before anything starts', () => {
  it('passes a file with a problem near its head, broken lines or not', async () => {
    await checkJsonl(fileOf(`broken\n\n${line(1)}\n`))
  })

  for (const [what, content, said] of [
    [
      'no problem field',
      '{"text": "a"}\n{"text": "b"}\n',
      /:1: there is no field "problem" or "question"; there is text; each line must/,
    ],
    ['an empty file', '', /:1: the file holds no line/],
    ['a JSON array', '[\n{"problem": "a"},\n{"problem": "b"}\n]', /:1: a JSON array; write one object a line/],
    ['twenty lines of another kind', `${'{"a":1}\n'.repeat(20)}${line(1)}\n`, /none of the first 20 has one/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const file = fileOf(content)
      await assert.rejects(
        checkJsonl(file),
        (error) => error instanceof UsageFault && error.message.startsWith(file) && said.test(error.message),
      )
    })
  }

  it('refuses a file that is not there, and a folder', async () => {
    await assert.rejects(
      checkJsonl(join(folder, 'nothing.jsonl')),
      /nothing\.jsonl cannot be read: there is no such file/,
    )
    await assert.rejects(checkJsonl(folder), /is a folder/)
  })
})

// The JSON sink: rows come out once each, in one order, whatever the batches, repeats, kills and restarts were.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import avro from 'avsc'
import fc from 'fast-check'
import { createCodec } from '../../schemas/codec.ts'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { createJsonSink, jsonConfig } from '../../sinks/json.ts'
import type { JsonSink } from '../../sinks/json.ts'
import { onDisk } from '../../sinks/json/disk.ts'
import { compareLines, mergeFiles, sortLines } from '../../sinks/json/merge.ts'
import type { Line } from '../../sinks/json/merge.ts'
import { MARKER, folderName, modelInPath, runNames, timestampInPath } from '../../sinks/json/names.ts'
import { createSegments, MERGE_WIDTH } from '../../sinks/json/segments.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { EPOCH, inFolder, message, preference, RUN, sft } from '../support/rows.ts'

const codec = await createCodec()
const NAME = 'some-model_20260102T030405Z'

const open = async (
  outDir: string,
  over: { runId?: string; revision?: string; model?: string; limits?: { sft?: number } } = {},
): Promise<JsonSink> => {
  const sink = createJsonSink({
    outDir,
    runId: RUN,
    model: 'Org/some-model',
    startedAt: EPOCH,
    codec,
    log: silentLogger,
    ...over,
  })
  await sink.open()
  return sink
}

const sftMessage = (slot: number, over = {}, offset = slot) =>
  message(codec, 'sft', 'SftRecord', sft(slot, over), offset, slot % 3)
const pairMessage = (slot: number) =>
  message(codec, 'preferences', 'PreferenceRecord', preference(slot), slot, slot % 3)

interface Row {
  id: string
  response: string
  created_at: number
}

const rowsOf = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Row[]
const everyFile = async (folder: string) => (await readdir(folder, { recursive: true })).sort()

describe('the JSON sink', () => {
  it('holds exactly so many rows where a limit is set, and keeps the others for a larger one', () =>
    inFolder(async (out) => {
      const few = await open(out, { limits: { sft: 3 } })
      const all = Array.from({ length: 8 }, (_, slot) => sftMessage(slot))
      await few.write([...all.slice(0, 5), pairMessage(0)])
      const first = (await few.finish()).sets
      assert.deepEqual(
        first.map(({ type, rows, surplus }) => [type, rows, surplus]),
        [
          ['sft', 3, 2],
          ['preference', 1, 0],
        ],
      )
      // The same again, then more rows, then a larger limit, then none.
      assert.deepEqual((await few.finish()).sets[0], first[0])
      await few.write(all.slice(5, 6))
      assert.deepEqual((await few.finish()).sets.map(({ rows, surplus }) => [rows, surplus])[0], [3, 3])
      const more = await open(out, { limits: { sft: 5 } })
      await more.write(all.slice(6))
      assert.deepEqual((await more.finish()).sets.map(({ rows, surplus }) => [rows, surplus])[0], [5, 3])
      const [whole] = (await (await open(out)).finish()).sets
      assert.deepEqual([whole!.rows, whole!.surplus], [8, 0])
      const ids = (await rowsOf(whole!.path)).map(({ id }) => id)
      assert.deepEqual(ids, all.map((_, slot) => sft(slot).id).sort())
      assert.ok(!existsSync(join(few.folder, 'segments')), 'nothing is left aside')
    }))

  it('writes the files of the pattern, each with its schema, and leaves nothing else', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      assert.equal(sink.folder, join(out, NAME))
      await sink.write([sftMessage(0), pairMessage(0), sftMessage(1), sftMessage(2)])
      await sink.close()
      const { sets } = await sink.finish()
      assert.deepEqual(
        sets.map(({ type, rows, path }) => [type, rows, basename(path)]),
        [
          ['sft', 3, 'Magpie_some-model_3_20260102T030405Z_sft.json'],
          ['preference', 1, 'Magpie_some-model_1_20260102T030405Z_preference.json'],
        ],
      )
      assert.deepEqual(await everyFile(sink.folder), [
        '.run.json',
        'Magpie_some-model_1_20260102T030405Z_preference.avsc',
        'Magpie_some-model_1_20260102T030405Z_preference.json',
        'Magpie_some-model_3_20260102T030405Z_sft.avsc',
        'Magpie_some-model_3_20260102T030405Z_sft.json',
      ])
    }))

  it('holds every field of the record under its snake_case name, valid by the schema beside it', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      await sink.write([sftMessage(0), pairMessage(0)])
      const { sets } = await sink.finish()
      const expected = { sft: sft(0), preference: preference(0) }
      for (const { type, path, schemaPath } of sets) {
        const [row] = (await rowsOf(path)) as unknown as Record<string, unknown>[]
        const schema = JSON.parse(await readFile(schemaPath, 'utf8')) as avro.Schema
        const rowType = avro.Type.forSchema(schema, { wrapUnions: false })
        assert.equal(rowType.isValid(row, { noUndeclaredFields: true }), true, type)
        assert.deepEqual(JSON.parse(JSON.stringify(rowType.fromBuffer(rowType.toBuffer(row)))), row)
        const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
        assert.deepEqual(new Set(Object.keys(row!).map(camel)), new Set(Object.keys(expected[type])))
      }
      const [row] = (await rowsOf(sets[0]!.path)) as unknown as Record<string, unknown>[]
      assert.deepEqual(Object.keys(row!).slice(0, 6), [
        'id',
        'instruction',
        'reasoning',
        'response',
        'conversations',
        'model',
      ])
      assert.deepEqual(row!['usage'], { prompt_tokens: 20, completion_tokens: 100 })
      assert.deepEqual(row!['rewards'], { rm: 0.8, agreement: 1 })
      assert.equal(row!['instruction'], sft(0).instruction)
      assert.equal(row!['created_at'], sft(0).createdAt)
      const [pair] = (await rowsOf(sets[1]!.path)) as unknown as Record<string, unknown>[]
      assert.deepEqual(Object.keys(pair!).slice(0, 7), [
        'id',
        'instruction',
        'chosen',
        'rejected',
        'chosen_reward',
        'rejected_reward',
        'margin',
      ])
    }))

  it('gives the same data set whatever the batches, repeats, kills and restarts', async () => {
    const all = Array.from({ length: 30 }, (_, slot) => sftMessage(slot))
    let expected = ''
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.integer({ min: 0, max: all.length - 1 }), { maxLength: 20 }),
        fc.array(fc.constantFrom('write', 'restart', 'finish'), { minLength: 8, maxLength: 8 }),
        async (order, repeats, events) =>
          inFolder(async (out) => {
            let sink = await open(out)
            let waiting: Delivered[] = [...order, ...repeats.map((at) => all[at]!)]
            for (const event of events) {
              const size = Math.ceil(waiting.length / 5)
              await sink.write(waiting.slice(0, size))
              // A kill before the commit: the batch comes again, cut another way.
              if (event === 'restart') sink = await open(out)
              else waiting = waiting.slice(size)
              if (event === 'finish') await sink.finish()
            }
            if (waiting.length > 0) await sink.write(waiting)
            const { sets } = await sink.finish()
            assert.equal(sets[0]?.rows, all.length)
            const text = await readFile(sets[0].path, 'utf8')
            if (expected === '') expected = text
            assert.equal(text, expected)
            assert.deepEqual(await everyFile(sink.folder), [
              '.run.json',
              basename(sets[0].schemaPath),
              basename(sets[0].path),
            ])
          }),
      ),
      { numRuns: 20 },
    )
    const ids = (JSON.parse(expected) as Row[]).map(({ id }) => id)
    assert.deepEqual(ids, ids.toSorted())
    assert.equal(new Set(ids).size, all.length)
  })

  it('keeps of one id the newest record, however it comes', () =>
    inFolder(async (out) => {
      const older = sftMessage(0, { createdAt: EPOCH, response: 'older' }, 1)
      const newer = sftMessage(0, { createdAt: EPOCH + 1, response: 'newer' }, 2)
      for (const order of [
        [older, newer],
        [newer, older],
      ]) {
        const sink = await open(join(out, String(order[0]!.offset)))
        for (const each of order) await sink.write([each])
        const { sets } = await sink.finish()
        assert.deepEqual(
          (await rowsOf(sets[0]!.path)).map(({ response }) => response),
          ['newer'],
        )
      }
    }))

  it('shows finished segments while it goes on, and writes the same batch over the same file', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      await sink.write([sftMessage(0), sftMessage(1)])
      const before = await everyFile(join(sink.folder, 'segments'))
      await sink.write([sftMessage(0), sftMessage(1)])
      assert.deepEqual(await everyFile(join(sink.folder, 'segments')), before)
      const text = await readFile(join(sink.folder, 'segments', before[0]!), 'utf8')
      assert.equal(
        text
          .trimEnd()
          .split('\n')
          .map((line) => (JSON.parse(line) as Row).id).length,
        2,
      )
    }))

  it('replaces the earlier data set of a run that went on', () =>
    inFolder(async (out) => {
      const first = await open(out)
      await first.write([sftMessage(0)])
      await first.finish()
      assert.deepEqual(
        (await first.finish()).sets.map(({ rows }) => rows),
        [1],
      )
      const second = await open(out)
      await second.write([sftMessage(1)])
      const { sets } = await second.finish()
      assert.deepEqual(
        sets.map(({ rows }) => rows),
        [2],
      )
      assert.deepEqual(
        (await everyFile(out)).filter((file) => /\.(json|avsc)$/.test(file) && !file.endsWith('run.json')),
        [
          join(NAME, 'Magpie_some-model_2_20260102T030405Z_sft.avsc'),
          join(NAME, 'Magpie_some-model_2_20260102T030405Z_sft.json'),
        ],
      )
    }))

  it('mends what a kill between the rename and the tidying left', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      await sink.write([sftMessage(0), sftMessage(1)])
      const segments = join(sink.folder, 'segments')
      const [segment] = await everyFile(segments)
      const kept = await readFile(join(segments, segment!), 'utf8')
      const { sets } = await sink.finish()
      // As if killed: the segment is still there, an older data set too, and a half file.
      await mkdir(segments, { recursive: true })
      await writeFile(join(segments, segment!), kept)
      const older = sets[0]!.path.replace('_2_', '_1_')
      await writeFile(older, `[\n${kept.split('\n')[0]}\n]\n`)
      const dead = spawnSync(process.execPath, ['-e', '']).pid
      await writeFile(join(sink.folder, `whole.${hostname()}.${dead}.part`), '[\n{"id":')
      const again = await open(out)
      const mended = await again.finish()
      assert.deepEqual(
        mended.sets.map(({ rows }) => rows),
        [2],
      )
      assert.deepEqual(await everyFile(again.folder), [
        '.run.json',
        basename(sets[0]!.schemaPath),
        basename(sets[0]!.path),
      ])
    }))

  it('writes no file for a type without rows', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      assert.deepEqual((await sink.finish()).sets, [])
    }))

  it('puts a revision in a folder of its own', () =>
    inFolder(async (out) => {
      const sink = await open(out, { revision: 'strict' })
      await sink.write([message(codec, 'sft.strict', 'SftRecord', sft(0, { revision: 'strict' }), 0)])
      const { sets } = await sink.finish()
      assert.equal(sets[0]!.path, join(out, NAME, 'strict', 'Magpie_some-model_1_20260102T030405Z_sft.json'))
    }))

  it('stays in one folder when the run goes on with another model', () =>
    inFolder(async (out) => {
      const first = await open(out)
      await first.write([sftMessage(0)])
      await first.finish()
      const second = await open(out, { model: 'Org/other-model' })
      assert.equal(second.folder, first.folder)
      await second.write([sftMessage(1)])
      const { sets } = await second.finish()
      assert.deepEqual(await readdir(out), [NAME])
      assert.equal((await rowsOf(sets[0]!.path)).length, 2)
    }))

  it('says at the start that the folder cannot be written, also where none can ever be made', () =>
    inFolder(async (out) => {
      await writeFile(join(out, 'file'), '')
      await assert.rejects(
        open(join(out, 'file')),
        (error) => error instanceof UsageFault && /--out/.test(error.message),
      )
      // Node's own recursive mkdir never returns there.
      await assert.rejects(open('/proc/nope'), (error) => error instanceof UsageFault && /--out/.test(error.message))
    }))

  it('gives runs that begin in the same second a folder each, the same again to each that goes on', () =>
    inFolder(async (out) => {
      const first = await open(out)
      const second = await open(out, { runId: 'another' })
      const third = await open(out, { runId: 'a-third' })
      const folders = [first, second, third].map(({ folder }) => folder)
      assert.equal(new Set(folders).size, 3)
      assert.equal((await open(out, { runId: 'another' })).folder, second.folder)
      assert.equal((await open(out)).folder, first.folder)
      assert.equal((await open(out, { runId: 'a-third', model: 'now/another' })).folder, third.folder)
    }))

  it('says while it runs that the disk does not take it, so that the run waits', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      await rm(join(sink.folder, 'segments'), { recursive: true })
      await writeFile(join(sink.folder, 'segments'), 'in the way')
      const failed = sink.write([sftMessage(0)])
      await assert.rejects(
        failed,
        (error) => error instanceof Failure && error.retry === 'transient' && error.code === 'disk-unwritable',
      )
      await rm(join(sink.folder, 'segments'))
      await sink.write([sftMessage(0)])
      assert.equal((await sink.finish()).sets[0]?.rows, 1)
    }))

  it('tells a full disk from other faults', { skip: !existsSync('/dev/full') && 'no /dev/full here' }, () =>
    inFolder(async (out) => {
      const failed = onDisk(out, () => writeFile('/dev/full', 'x'))
      await assert.rejects(
        failed,
        (error) =>
          error instanceof Failure &&
          error.retry === 'transient' &&
          error.code === 'disk-full' &&
          /make room/.test(error.message),
      )
    }),
  )

  it('names the place of what it cannot read', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      const bad = { ...sftMessage(4), value: Buffer.from('no') }
      await assert.rejects(sink.write([sftMessage(0), bad]), /sft partition 1 offset 4/)
      await assert.rejects(sink.write([{ ...bad, topic: 'elsewhere' }]), /elsewhere/)
    }))

  it('refuses what is named like a data set and is no regular file, and does not wait for it', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      await sink.write([sftMessage(0)])
      const { sets } = await sink.finish()
      const pipe = sets[0]!.path.replace(/_1_/, '_2_')
      assert.notEqual(pipe, sets[0]!.path)
      spawnSync('mkfifo', [pipe])
      await sink.write([sftMessage(1)])
      await assert.rejects(sink.finish(), {
        code: 'foreign-data-set',
        message: `${pipe} is no regular file: move it out of the folder of the data sets`,
      })
      await rm(pipe)
      await mkdir(pipe)
      await assert.rejects(sink.finish(), { code: 'foreign-data-set' })
      assert.equal((await rowsOf(sets[0]!.path)).length, 1)
    }))

  it('refuses a data set that was changed by hand', () =>
    inFolder(async (out) => {
      const sink = await open(out)
      await sink.write([sftMessage(0)])
      const { sets } = await sink.finish()
      await writeFile(sets[0]!.path, JSON.stringify(await rowsOf(sets[0]!.path), null, 2))
      await sink.write([sftMessage(1)])
      await assert.rejects(sink.finish(), { code: 'foreign-data-set' })
      assert.equal((await rowsOf(sets[0]!.path)).length, 1)
    }))
})

describe('segments', () => {
  it('are merged as they grow many, and lose nothing', () =>
    inFolder(async (folder) => {
      const segments = createSegments(folder)
      const count = MERGE_WIDTH * 2 + 3
      for (let place = 0; place < count; place += 1) await segments.add('sft', String(place), [line(place % 100, 1)])
      const files = await segments.list('sft')
      assert.ok(files.length < MERGE_WIDTH, `${files.length} files`)
      const ids: string[] = []
      for await (const { id } of mergeFiles(files)) ids.push(id)
      assert.equal(ids.length, 100)
      assert.deepEqual(await segments.list('preference'), [])
    }))
})

describe('merging', () => {
  it('gives what sorting all lines at once gives', async () => {
    const lines = fc.array(fc.record({ slot: fc.integer({ min: 0, max: 20 }), age: fc.integer({ min: 0, max: 3 }) }))
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { maxLength: 6 }), async (groups) =>
        inFolder(async (folder) => {
          const files: string[] = []
          for (const [place, group] of groups.entries()) {
            const file = join(folder, String(place))
            const sorted = sortLines(group.map(({ slot, age }) => line(slot, age))).map(({ text }) => text)
            await writeFile(
              file,
              place % 2 === 0 ? sorted.map((text) => `${text}\n`).join('') : `[\n${sorted.join(',\n')}\n]\n`,
            )
            files.push(file)
          }
          const merged: Line[] = []
          for await (const each of mergeFiles(files)) merged.push(each)
          assert.deepEqual(merged, sortLines(groups.flat().map(({ slot, age }) => line(slot, age))))
        }),
      ),
      { numRuns: 40 },
    )
  })

  it('orders lines totally', () => {
    const any = fc.record({
      slot: fc.integer({ min: 0, max: 3 }),
      age: fc.integer({ min: 0, max: 2 }),
      more: fc.constantFrom('a', 'b'),
    })
    const of = ({ slot, age, more }: { slot: number; age: number; more: string }) => line(slot, age, more)
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        const [x, y, z] = [of(a), of(b), of(c)]
        assert.equal(Math.sign(compareLines(x, y)) + Math.sign(compareLines(y, x)), 0)
        if (compareLines(x, y) <= 0 && compareLines(y, z) <= 0) assert.ok(compareLines(x, z) <= 0)
      }),
    )
  })
})

describe('names', () => {
  it('make any model name a safe part of a path', () => {
    assert.equal(modelInPath('deepseek-ai/DeepSeek-R1'), 'DeepSeek-R1')
    assert.equal(modelInPath('/models/My Model v2/'), 'My-Model-v2')
    assert.equal(modelInPath('../..'), 'model')
    assert.equal(timestampInPath(EPOCH), '20260102T030405Z')
    fc.assert(
      fc.property(fc.string(), (model) => {
        assert.match(modelInPath(model), /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/)
      }),
    )
  })

  it('find the folder that the run has, else one that no other run has', () =>
    inFolder(async (out) => {
      const folder = async (name: string, marker: string | null) => {
        await mkdir(join(out, name))
        if (marker !== null) await writeFile(join(out, name, MARKER), `${marker}\n`)
      }
      const time = timestampInPath(EPOCH)
      const nameOf = (marker: string, startedAt = EPOCH, folder = out) => {
        const found = folderName(folder, { model: 'org/new', startedAt }, marker)
        return [found.model, (found.startedAt - startedAt) / 1000]
      }
      assert.deepEqual(nameOf('mine', EPOCH, join(out, 'absent')), ['org/new', 0])
      await writeFile(join(out, `file_${time}`), '')
      await folder(`bare_${time}`, null)
      await folder(`other_${time}`, 'theirs')
      await folder(`early_${timestampInPath(EPOCH - 1000)}`, 'mine-before')
      assert.deepEqual(nameOf('mine'), ['org/new', 0])
      await folder(`a_model_${time}`, 'mine')
      assert.deepEqual(nameOf('mine'), ['a_model', 0])
      assert.deepEqual(nameOf('theirs'), ['other', 0])
      assert.deepEqual(nameOf('mine-before', EPOCH - 1000), ['early', 0])
      await folder(`new_${time}`, 'theirs')
      assert.deepEqual(nameOf('a-third'), ['org/new', 1])
    }))

  it('know their own files from others', () => {
    const names = runNames('out', 'a/m', EPOCH, 'main')
    assert.equal(names.countOf('sft', `${names.base('sft', 12)}.json`), 12)
    assert.equal(names.countOf('preference', `${names.base('sft', 12)}.json`), null)
    assert.equal(names.countOf('sft', 'Magpie_m_x_20260102T030405Z_sft.json'), null)
    assert.equal(jsonConfig.parse({}).batch.seconds, 5)
  })
})

function line(slot: number, age: number, more = ''): Line {
  const id = `id-${String(slot).padStart(3, '0')}`
  return { id, text: JSON.stringify({ id, created_at: age, more }) }
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { questionSeed } from '../../llm/seeds.ts'
import { magpieConfig, runMagpie, type MagpieEnd, type MagpieRun } from '../../producers/magpie.ts'
import { existingProblems, nothingExists } from '../../producers/resume.ts'
import { permanent } from '../../schemas/failure.ts'
import { problemId } from '../../schemas/ids.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem, Rejection } from '../../schemas/records.ts'
import { streamOf } from '../support/drain.ts'
import { createFakeLlm, untilAborted, type Says } from '../support/fake-llm.ts'
import { RUN } from '../support/problems.ts'

interface Started {
  readonly problems: Problem[]
  readonly rejections: Rejection[]
  readonly llm: ReturnType<typeof createFakeLlm>
  readonly end: Promise<MagpieEnd>
}

const speak: Says = ({ seed, n }) => Array.from({ length: n ?? 1 }, (_, index) => ` says ${seed + index}`)

function start(settings: object, over: Partial<MagpieRun> = {}, says: Says = speak): Started {
  const problems: Problem[] = []
  const rejections: Rejection[] = []
  const llm = createFakeLlm(says)
  const run: MagpieRun = {
    llm,
    config: magpieConfig.parse(settings),
    prefix: (opener) => ({ prompt: `<user>${opener ?? ''}` }),
    runId: RUN,
    revision: 'main',
    total: 10,
    signal: new AbortController().signal,
    existing: nothingExists,
    publish: (made) => {
      problems.push(...made)
      return Promise.resolve()
    },
    reject: (refused) => {
      rejections.push(...refused)
      return Promise.resolve()
    },
    room: () => 1000,
    shouldStop: () => false,
    log: silentLogger,
    now: () => 5,
    pause: () => new Promise(setImmediate),
    ...over,
  }
  return { problems, rejections, llm, end: runMagpie(run) }
}

describe('magpie', () => {
  it('makes the total exactly: whole slots, the last one trimmed, seeds one after the other', async () => {
    const { problems, llm, end } = start({ choices: 4, seed: 100 })
    assert.equal(await end, 'total')
    assert.deepEqual(
      problems.map(({ slot, choice, text }) => [slot, choice, text]),
      Array.from({ length: 10 }, (_, at) => [Math.floor(at / 4), at % 4, ` says ${100 + at}`]),
    )
    assert.deepEqual(
      llm.completions.map(({ request: { n, seed, input }, context: { role, rank } }) => ({
        n,
        seed,
        input,
        role,
        rank,
      })),
      [4, 4, 2].map((n, slot) => ({
        n,
        seed: 100 + slot * 4,
        input: { prompt: '<user>' },
        role: 'questioner',
        rank: 4,
      })),
    )
    assert.equal(problems[5]!.id, problemId(RUN, 1, 1))
    assert.deepEqual(
      [problems[5]!.source, problems[5]!.controlTask, problems[5]!.generation?.role],
      ['magpie', 'math', 'questioner'],
    )
  })

  it('puts the opener into the prompt and before the text', async () => {
    const { problems, llm, end } = start({ openers: [{ text: 'Solve for x:' }], system: 'A tutor.' }, { total: 1 })
    await end
    assert.deepEqual(llm.completions[0]!.request.input, { prompt: '<user>Solve for x:' })
    assert.deepEqual(
      [problems[0]!.text, problems[0]!.opener, problems[0]!.controlTask],
      ['Solve for x: says 0', 'Solve for x:', null],
    )
  })

  it('after any restart, with any total and number of choices, has made nothing twice and lacks nothing', async () => {
    const life = fc.record({
      total: fc.integer({ min: 1, max: 30 }),
      choices: fc.integer({ min: 1, max: 6 }),
      lost: fc.array(fc.boolean(), { maxLength: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
        const log: Problem[] = []
        for (const { total, choices, lost } of lives) {
          const existing = await existingProblems(RUN, streamOf(log), streamOf<Rejection>([]))
          const before = existing.size
          const { problems, end } = start({ choices }, { total, existing })
          await end
          assert.equal(existing.size, before)
          assert.equal(problems.length, Math.max(0, total - before), 'the total is exact')
          // A crash: some of what this life made never reached the log.
          log.push(...problems.filter((_, at) => lost[at] !== true))
          assert.equal(new Set(log.map(({ id }) => id)).size, log.length, 'nothing is made twice')
        }
      }),
    )
  })

  it('keeps to the room that there is, what is in the making counted', async () => {
    let waiting = 0
    let most = 0
    const { end } = start(
      { choices: 2, slotsAtOnce: 50 },
      {
        total: 40,
        room: () => 6 - waiting,
        publish: async (made) => {
          waiting += made.length
          most = Math.max(most, waiting)
          await Promise.resolve()
        },
        pause: () => {
          waiting = Math.max(0, waiting - 1) // meanwhile one comes to its end
          return new Promise(setImmediate)
        },
      },
    )
    await end
    assert.equal(most, 6)
  })

  it('lets a slot that is larger than the house through alone', async () => {
    const { problems, end } = start({ choices: 8, maxWaiting: 3 }, { total: 16, room: () => 3 })
    await end
    assert.equal(problems.length, 16)
  })

  it('runs as many slots at once as it may', async () => {
    let open = 0
    let most = 0
    const { end } = start({ choices: 1, slotsAtOnce: 5 }, { total: 30 }, async (request, call) => {
      open += 1
      most = Math.max(most, open)
      await new Promise(setImmediate)
      open -= 1
      return speak(request, call)
    })
    await end
    assert.equal(most, 5)
  })

  it('starts nothing once enough was accepted, and finishes what runs', async () => {
    let enough = false
    const { problems, llm, end } = start(
      { choices: 2, slotsAtOnce: 3 },
      { total: null, shouldStop: () => enough },
      async (request, call) => {
        await new Promise(setImmediate)
        enough = true
        return speak(request, call)
      },
    )
    assert.equal(await end, 'accepted')
    assert.equal(llm.completions.length, 3)
    assert.equal(problems.length, 6)
  })

  it('comes to an end when aborted, with what it has', async () => {
    const stop = new AbortController()
    const { problems, end } = start({ choices: 1 }, { total: null, signal: stop.signal }, async (request, call) => {
      if (request.seed === questionSeed(0, 7, 1)) {
        stop.abort(new Error('Ctrl-C'))
        return untilAborted(call.signal)
      }
      return request.seed < questionSeed(0, 7, 1) ? speak(request, call) : untilAborted(call.signal)
    })
    assert.equal(await end, 'aborted')
    assert.deepEqual(
      problems.map(({ slot }) => slot),
      [0, 1, 2, 3, 4, 5, 6],
    )
  })

  it('gives every problem of a refused slot an end', async () => {
    const { problems, rejections, end } = start({ choices: 2, slotsAtOnce: 1 }, { total: 6 }, (request, call) => {
      if (request.seed === questionSeed(0, 1, 2)) throw permanent('bad-request', 'no such thing')
      return speak(request, call)
    })
    assert.equal(await end, 'total')
    assert.deepEqual(
      problems.map(({ slot }) => slot),
      [0, 0, 2, 2],
    )
    assert.deepEqual(
      rejections.map(({ problemId: id, stage, reason, detail }) => [id, stage, reason, detail]),
      [0, 1].map((choice) => [problemId(RUN, 1, choice), 'magpie', 'bad-request', 'no such thing']),
    )
  })

  it('gives up when request after request is refused', async () => {
    const { rejections, end } = start({ choices: 1, slotsAtOnce: 1 }, { total: null }, () => {
      throw permanent('context-length', 'the prefix is too long')
    })
    await assert.rejects(end, { code: 'context-length' })
    assert.equal(rejections.length, 7)
  })

  it('ends with the error of the log, not in silence', async () => {
    const { end } = start({}, { publish: () => Promise.reject(new Error('the log is gone')) })
    await assert.rejects(end, /the log is gone/)
  })
})

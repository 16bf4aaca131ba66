import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createReader, readRecording } from '../../../local/engine/recorded.ts'
import { UsageFault } from '../../../schemas/failure.ts'

const folder = await mkdtemp(join(tmpdir(), 'magpie-recorded-'))
after(() => rm(folder, { recursive: true }))

const RECORDING = join(import.meta.dirname, '../../../../shared/data/recorded_qwen_math.jsonl')

function line(problem: string, count = 3): string {
  const samples = Array.from({ length: count }, (_, index) => ({
    text: `${problem} answer\n ${index}`,
    correct: index === 0,
    reward: index - 0.5,
  }))
  return JSON.stringify({ problem, answer: '1', samples })
}

async function faultsOf(content: string): Promise<string[]> {
  const file = join(folder, 'faulty.jsonl')
  await writeFile(file, content)
  try {
    await readRecording(file)
  } catch (error) {
    if (error instanceof UsageFault) return error.faults.map((fault) => fault.replace(file, 'FILE'))
    throw error
  }
  return []
}

describe('a recording', () => {
  it('is repeated by seed: problems, answers, rewards', async () => {
    const file = join(folder, 'good.jsonl')
    await writeFile(file, `${line('One plus one?')}\n\n${line('Two plus  two?')}\n`)
    const reader = createReader(await readRecording(file))
    assert.deepEqual(
      [0, 1, 2, 3, -1].map((seed) => reader.problem(seed, '')),
      ['One plus one?', 'Two plus  two?', 'One plus one?', 'Two plus  two?', 'Two plus  two?'],
    )
    const question = 'Two plus two?\nPlease reason step by step.'
    assert.equal(reader.answer(question, 4), 'Two plus  two? answer\n 1')
    assert.equal(reader.reward(question, '  Two plus two? answer 2 '), 1.5)
  })

  it('without the problem or the text is answered and scored all the same', async () => {
    const file = join(folder, 'other.jsonl')
    await writeFile(file, line('One plus one?'))
    const reader = createReader(await readRecording(file))
    assert.match(reader.answer('Something else entirely', 1), /\S/)
    assert.ok(Number.isFinite(reader.reward('One plus one?', 'never recorded')))
    assert.notEqual(
      reader.reward('One plus one?', 'never recorded'),
      reader.reward('One plus one?', 'never recorded either'),
    )
  })

  it('has no scores of steps: what it says of the whole decides, and a wrong text goes wrong at its end', async () => {
    const file = join(folder, 'steps.jsonl')
    const samples = [
      { text: 'First.\n\nThen 2.', reward: -3, correct: true },
      { text: 'First.\n\nThen 3.', reward: -3 },
    ]
    await writeFile(file, JSON.stringify({ problem: 'One plus one?', samples }))
    const reader = createReader(await readRecording(file))
    const signs = (...steps: string[]): number[] => reader.steps('One plus one?', steps).map(Math.sign)
    assert.deepEqual(signs('First.', 'Then 2.'), [1, 1])
    assert.deepEqual(signs('First.', ' Then 3. '), [1, -1])
    assert.equal(reader.steps('One plus one?', ['Never', 'recorded']).length, 2)
  })

  it('with faults names file, line and field of each', async () => {
    const faults = await faultsOf(
      [
        line('Good'),
        '{"problem": ""',
        '{"problem": "  ", "samples": []}',
        '{"problem": "x", "samples": [{"text": "a", "reward": "high"}]}',
      ].join('\n'),
    )
    assert.equal(faults.length, 4)
    assert.match(faults[0]!, /^FILE:2: not JSON/)
    assert.match(faults[1]!, /^FILE:3: problem: must not be empty/)
    assert.match(faults[2]!, /^FILE:3: samples: must hold at least one sample/)
    assert.match(faults[3]!, /^FILE:4: samples\[0\]\.reward: /)
    assert.deepEqual(await faultsOf('\n'), ['FILE: the recording holds no problem.'])
    assert.match((await faultsOf('{}\n'.repeat(40))).at(-1)!, /^FILE: 60 more faults\.$/)
  })

  it('that cannot be read is said to be so', async () => {
    await assert.rejects(
      readRecording(join(folder, 'nowhere.jsonl')),
      (error) => error instanceof UsageFault && /nowhere\.jsonl \(ENOENT\)/.test(error.message),
    )
  })

  it(
    'of Qwen2.5-Math gives each of 50 problems four times over 200 seeds',
    { skip: existsSync(RECORDING) ? false : `no recording at ${RECORDING}` },
    async () => {
      const problems = await readRecording(RECORDING)
      const reader = createReader(problems)
      const counts = Object.groupBy(
        Array.from({ length: 200 }, (_, seed) => reader.problem(seed, '')),
        (text) => text,
      )
      assert.deepEqual(
        Object.values(counts).map((group) => group!.length),
        new Array<number>(50).fill(4),
      )
      for (const { problem, samples } of problems) {
        for (const [index, { text, reward }] of samples.entries()) {
          const question = `${problem.trim()}\nPlease reason step by step, and put your final answer within \\boxed{}.`
          assert.equal(reader.answer(question, 800 + index), text)
          const twins = samples.filter((sample) => sample.text === text).map((sample) => sample.reward)
          assert.ok(twins.includes(reader.reward(question, text)), `${reward}`)
        }
      }
    },
  )
})

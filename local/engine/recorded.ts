// An Engine over a recording of a real model (JSON lines: problem, answer, samples with text, correct and reward):
// a raw completion is problem number seed mod count, an answer is sample number seed mod its count, a score is the
// recorded reward. Problems and texts that the recording does not have are answered and scored as inventions.

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UsageFault } from '../../schemas/failure.ts'
import type { Author } from './author.ts'
import type { Engine } from './contract.ts'
import { createInventor } from './invented.ts'
import { stepLogits } from './invented-steps.ts'
import { createTextEngine } from './text-engine.ts'
import type { TextEngineOptions } from './text-engine.ts'

const MOST_FAULTS = 20

/** A line of a recording; more fields are welcome. */
export const recordedProblem = z.object({
  problem: z.string().trim().min(1, 'must not be empty'),
  answer: z.string().nullish(),
  samples: z
    .array(
      z.object({
        text: z.string().min(1, 'must not be empty'),
        reward: z.number(),
        correct: z.boolean().nullish(),
      }),
    )
    .min(1, 'must hold at least one sample'),
})

export type RecordedProblem = z.infer<typeof recordedProblem>

/** Reads a recording. Throws a UsageFault that names the file, and line and field of each fault (the first 20). */
export async function readRecording(file: string): Promise<RecordedProblem[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new UsageFault(`Cannot read the recording ${file} (${code}): give a JSON lines file that exists.`)
  }
  const faults: string[] = []
  const problems: RecordedProblem[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const found = readLine(line, `${file}:${index + 1}`)
    if (Array.isArray(found)) faults.push(...found)
    else problems.push(found)
  }
  if (faults.length > MOST_FAULTS)
    faults.splice(MOST_FAULTS, Infinity, `${file}: ${faults.length - MOST_FAULTS} more faults.`)
  if (faults.length > 0) throw new UsageFault(faults)
  if (problems.length === 0) throw new UsageFault(`${file}: the recording holds no problem.`)
  return problems
}

function readLine(line: string, place: string): RecordedProblem | string[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return [`${place}: not JSON (${error instanceof Error ? error.message : String(error)}).`]
  }
  const parsed = recordedProblem.safeParse(value)
  if (parsed.success) return parsed.data
  return parsed.error.issues.map((issue) => `${place}: ${pathOf(issue.path)}: ${issue.message}.`)
}

/** samples[3].reward */
function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.replace(/^\./, '') || 'the line'
}

/** An Engine over the recording in this file. */
export async function openRecording(file: string, options: TextEngineOptions = {}): Promise<Engine> {
  return createTextEngine(createReader(await readRecording(file)), options)
}

/** The author that repeats a recording. */
export function createReader(problems: readonly RecordedProblem[]): Author {
  const inventor = createInventor()
  const byText = new Map(problems.map((recorded) => [plain(recorded.problem), recorded]))
  const remembered = new Map<string, RecordedProblem | null>()

  /** The recorded problem that a question holds: alone, or with an instruction around it. */
  function find(question: string): RecordedProblem | null {
    const known = remembered.get(question)
    if (known !== undefined) return known
    const text = plain(question)
    const found = byText.get(text) ?? longestInside(byText, text)
    if (remembered.size > 4096) remembered.clear()
    remembered.set(question, found)
    return found
  }

  return {
    // What the opener says is not in the recording: the problem is the same with or without it.
    problem: (seed) => at(problems, seed).problem,
    answer(question, seed) {
      const recorded = find(question)
      return recorded === null ? inventor.answer(question, seed) : at(recorded.samples, seed).text
    },
    reward(question, answer) {
      const recorded = find(question)
      return recordedSample(recorded, answer)?.reward ?? inventor.reward(question, answer)
    },
    // A recording has no scores of steps: what it says of the whole decides, and a wrong text goes wrong at its end.
    steps(question, steps) {
      const sample = recordedSample(find(question), steps.join('\n\n'))
      if (sample === undefined) return inventor.steps(question, steps)
      const right = sample.correct ?? sample.reward > 0
      return stepLogits(question, steps, right ? steps.length : steps.length - 1)
    },
  }
}

type Sample = RecordedProblem['samples'][number]

/** The sample with this text: exactly this one, else one that differs in white space only. */
function recordedSample(recorded: RecordedProblem | null, answer: string): Sample | undefined {
  const samples = recorded?.samples ?? []
  const wanted = plain(answer)
  return samples.find(({ text }) => text === answer) ?? samples.find(({ text }) => plain(text) === wanted)
}

function at<Item>(list: readonly Item[], seed: number): Item {
  const count = list.length
  return list[((seed % count) + count) % count]!
}

/** White space at the ends and its kind inside do not matter. */
function plain(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ')
}

function longestInside(byText: ReadonlyMap<string, RecordedProblem>, text: string): RecordedProblem | null {
  let best: RecordedProblem | null = null
  for (const [problem, recorded] of byText) {
    if (text.includes(problem) && problem.length > (best?.problem.length ?? 0)) best = recorded
  }
  return best
}

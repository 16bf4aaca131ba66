// How often a vote and a reward choose a right answer in the recording: by the checker of this project, and by what the
// recording itself holds (its extracted texts, its flags).

import { compareAnswers } from '../../math/compare.ts'
import { extractFinalAnswer } from '../../math/extract.ts'
import { groupAnswers } from '../../math/group.ts'

export interface RecordedProblem {
  readonly answer: string
  readonly samples: readonly {
    readonly text: string
    readonly extracted: string
    readonly correct: boolean
    readonly reward: number
  }[]
}

/** Numbers of problems. own: by the recording's texts and flags; ours: by classes and verdicts. */
export interface Choices {
  readonly problems: number
  readonly vote: { readonly own: number; readonly ours: number }
  readonly reward: { readonly own: number; readonly ours: number }
}

/** The first of those that are equally large. */
function largestAt(values: readonly number[]): number {
  return values.indexOf(Math.max(...values))
}

/** Counts the problems on which the majority, and the highest reward, choose a right answer. */
export async function recordedChoices(problems: readonly RecordedProblem[]): Promise<Choices> {
  const count = { vote: { own: 0, ours: 0 }, reward: { own: 0, ours: 0 } }
  for (const { answer, samples } of problems) {
    const found = samples.map(({ text }) => extractFinalAnswer(text))
    const isRight = (candidate: string | null | undefined): boolean =>
      typeof candidate === 'string' && compareAnswers(answer, candidate).verdict === 'equal'
    const { classes } = await groupAnswers(found, (left, right) => Promise.resolve(compareAnswers(left, right)))
    const same = samples.map((each) => samples.filter(({ extracted }) => extracted === each.extracted).length)
    const best = largestAt(samples.map(({ reward }) => reward))
    if (isRight(classes[0]?.answer)) count.vote.ours += 1
    if (samples[largestAt(same)]?.correct === true) count.vote.own += 1
    if (isRight(found[best])) count.reward.ours += 1
    if (samples[best]?.correct === true) count.reward.own += 1
  }
  return { problems: problems.length, ...count }
}

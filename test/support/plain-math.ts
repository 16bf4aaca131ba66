// Mathematics for tests of stages: two answers are equal when their letters are. `?` can be compared with nothing,
// and `~x` is of a class of its own although compare calls it equal to x (a checker at odds with itself).

import type { AnswerGroups, Comparison, MathPool } from '../../math/contract.ts'

export const plainMath: MathPool = {
  compare(gold, pred): Promise<Comparison> {
    if (gold === '?' || pred === '?') return Promise.resolve({ verdict: 'unknown', reason: 'parse-failed' })
    const equal = gold.replace('~', '') === pred.replace('~', '')
    return Promise.resolve({ verdict: equal ? 'equal' : 'different', reason: 'exact' })
  },
  group(answers): Promise<AnswerGroups> {
    const names = [...new Set(answers.filter((answer) => answer !== null))]
    const classes = names
      .map((answer) => ({ answer, members: answers.flatMap((each, at) => (each === answer ? [at] : [])) }))
      .toSorted((left, right) => right.members.length - left.members.length)
    const classOf = answers.map((_, at) => classes.findIndex(({ members }) => members.includes(at)))
    return Promise.resolve({ classOf, classes })
  },
  close: () => Promise.resolve(),
}

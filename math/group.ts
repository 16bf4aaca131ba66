// Equivalence classes of final answers: answers vote as what they mean, not as they are spelled.

import type { AnswerGroups, Comparison } from './contract.ts'
import { cheapKey } from './keys.ts'

/** Shorter ones first, then by their characters. */
function inOrder(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0)
}

/**
 * Groups the answers; null ones get class -1. compare decides on two answers that are spelled differently.
 * An answer joins the first class with an answer that it equals, unless it is known to differ from another of that class
 * (28 and 0.28 both equal 28%). The most frequent are placed first, then in the order of their characters: which answers
 * are one class does not depend on the order in which they came. An answer whose comparisons ran out of time twice is
 * compared no more.
 */
export async function groupAnswers(
  answers: readonly (string | null)[],
  compare: (left: string, right: string) => Promise<Comparison>,
): Promise<AnswerGroups> {
  const spellings = new Map<string, { answer: string; members: number[] }>()
  answers.forEach((answer, index) => {
    if (answer === null) return
    const key = cheapKey(answer)
    const known = spellings.get(key)
    if (known === undefined) spellings.set(key, { answer: answer.trim(), members: [index] })
    else {
      known.members.push(index)
      if (inOrder(answer.trim(), known.answer) < 0) known.answer = answer.trim()
    }
  })
  const placed = [...spellings.values()].sort(
    (left, right) => right.members.length - left.members.length || inOrder(left.answer, right.answer),
  )
  const late = new Map<string, number>()
  const judge = async (left: string, right: string): Promise<Comparison> => {
    const worn = [left, right].some((answer) => (late.get(answer) ?? 0) >= 2)
    if (worn) return { verdict: 'unknown', reason: 'timed-out' }
    const found = await compare(left, right)
    if (found.reason === 'timed-out') for (const answer of [left, right]) late.set(answer, (late.get(answer) ?? 0) + 1)
    return found
  }
  const classes: { answer: string; spelled: string[]; members: number[] }[] = []
  for (const { answer, members } of placed) {
    let home: (typeof classes)[number] | null = null
    for (const group of classes) {
      const verdicts: Comparison[] = []
      for (const other of group.spelled) {
        const found = await judge(other, answer)
        verdicts.push(found)
        if (found.verdict === 'different') break
      }
      if (
        verdicts.some(({ verdict }) => verdict === 'equal') &&
        verdicts.every(({ verdict }) => verdict !== 'different')
      ) {
        home = group
        break
      }
    }
    if (home === null) classes.push({ answer, spelled: [answer], members: [...members] })
    else {
      home.spelled.push(answer)
      home.members.push(...members)
      home.members.sort((left, right) => left - right)
    }
  }
  const ordered = classes.sort(
    (left, right) => right.members.length - left.members.length || (left.members[0] ?? 0) - (right.members[0] ?? 0),
  )
  const classOf = answers.map(() => -1)
  ordered.forEach(({ members }, index) => {
    for (const member of members) classOf[member] = index
  })
  return { classOf, classes: ordered.map(({ members }) => ({ answer: answers[members[0] ?? 0] ?? '', members })) }
}

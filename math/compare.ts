// The verdict on two answers: equal, different or unknown, with the reason. Synchronous and pure; the pool gives it a
// thread and a time limit. Never throws.

import { compareNodes } from './compare-nodes.ts'
import type { Comparison } from './contract.ts'
import { readAnswer, type Choice, type ReadAnswer } from './read-answer.ts'
import { different, equal, unknown } from './verdicts.ts'

/** Longer texts are compared by their spelling alone. */
const maximumLength = 200_000

function compareChoices(gold: Choice, pred: Choice): Comparison | null {
  if (!gold.explicit && !pred.explicit && gold.rest === null && pred.rest === null) {
    return gold.letter === pred.letter ? equal('choice') : different('choice')
  }
  return gold.letter === pred.letter ? equal('choice') : different('choice')
}

/** One side is a choice, the other is not: what stands behind the letter decides. */
function compareChoiceWith(choice: Choice, other: ReadAnswer): Comparison | null {
  if (choice.rest !== null) return compareRead(readAnswer(choice.rest), other)
  const letter = /^[A-Za-z]$/.test(other.spelling) ? other.spelling.toUpperCase() : null
  if (letter === choice.letter) return equal('choice')
  return choice.explicit && letter === null ? unknown('choice-without-value') : null
}

/** A, C and AC: several letters of choices, in order; listed: written with separators. Null for other answers. */
function selectionOf(answer: string): { readonly letters: string; readonly listed: boolean } | null {
  const bare = answer.replace(/\\text\s*\{([^{}]*)\}/g, '$1')
  if (!/^\(?[A-H]\)?(?:(?:[\s,;]|and|\()*[A-H]\)?)+$/.test(bare)) return null
  const letters = bare.replace(/and|[^A-H]/g, '')
  return { letters: [...new Set(letters)].sort().join(''), listed: /[\s,;]/.test(bare) }
}

/** "Yes", "No, it is not": the word that decides. */
const decision = /^(yes|no)(?:$| (?:it|he|she|they|this|that|the|there|because|since|we|i)\b)/

/** "series diverges": what is said, without what it is said of. */
function stated(words: string): string {
  return words.replace(
    /^(?:(?:this|given|infinite|improper) )?(?:series|sequence|integral|limit|sum) (?:is )?(?=(?:converge|diverge|absolutely|conditionally|does not exist)[a-z ]*$)/,
    '',
  )
}

function compareWords(gold: ReadAnswer, pred: ReadAnswer): Comparison {
  if (gold.words === '' || pred.words === '') return unknown('parse-failed')
  const count = (words: string): number => words.split(' ').length
  if (isProse(gold) && isProse(pred)) {
    if (gold.words === pred.words) return equal('text')
    const [ours, theirs] = [decision.exec(gold.words)?.[1], decision.exec(pred.words)?.[1]]
    if (ours !== undefined && theirs !== undefined) return ours === theirs ? equal('text') : different('text')
    const [first, second] = [stated(gold.words), stated(pred.words)]
    const oneHasSubject = (first === gold.words) !== (second === pred.words)
    if (oneHasSubject && first === second) return equal('text')
    const [outer, inner] = gold.words.length > pred.words.length ? [gold.words, pred.words] : [pred.words, gold.words]
    if (` ${outer} `.includes(` ${inner} `)) return unknown('text')
    return count(gold.words) <= 3 && count(pred.words) <= 3 ? different('text') : unknown('text')
  }
  if (gold.readings.length === 0 && pred.readings.length === 0) return unknown('parse-failed')
  const wordy = gold.readings.length === 0 ? gold : pred
  return count(wordy.words) <= 3 && isProse(wordy) ? different('kind') : unknown('parse-failed')
}

/** Nothing but words: no formula that only could not be read. */
function isProse(side: ReadAnswer): boolean {
  return /^[\p{L}][\p{L}\p{N}\s'.,!?-]*$/u.test(side.spelling)
}

/** One word of prose, whatever its first letter's case. */
function isWord(spelling: string): boolean {
  return /^(?:[A-Z]?[a-z]+|YES|TRUE|FALSE|EVEN|ODD)$/.test(spelling) && spelling.length > 1
}

function compareRead(gold: ReadAnswer, pred: ReadAnswer): Comparison {
  if (gold.spelling === '' || pred.spelling === '') return unknown('empty')
  if (gold.spelling === pred.spelling) return equal('identical')
  if (gold.tooDeep || pred.tooDeep) return unknown('too-nested')
  const [chosen, given] = [gold, pred].map(({ answer }) => selectionOf(answer))
  if (chosen && given && (chosen.listed || given.listed))
    return chosen.letters === given.letters ? equal('choice') : different('choice')
  if (gold.choice !== null && pred.choice !== null) {
    const verdict = compareChoices(gold.choice, pred.choice)
    if (verdict !== null) return verdict
  } else if (gold.choice !== null || pred.choice !== null) {
    const choice = gold.choice ?? pred.choice
    const verdict = choice === null ? null : compareChoiceWith(choice, gold.choice === null ? gold : pred)
    if (verdict !== null) return verdict
  }
  if (gold.words === pred.words && isWord(gold.spelling) && isWord(pred.spelling)) return equal('text')
  let first: Comparison | null = null
  for (const left of gold.readings) {
    for (const right of pred.readings) {
      const verdict = compareNodes(left, right)
      if (verdict.verdict === 'equal') return verdict
      first ??= verdict
    }
  }
  if (first === null) return compareWords(gold, pred)
  return gold.words === pred.words && first.verdict === 'unknown' && isProse(gold) && isProse(pred)
    ? equal('text')
    : first
}

/** Does pred mean what gold means? Both may be final answers or whole solutions. */
export function compareAnswers(gold: string, pred: string): Comparison {
  const left = gold.trim()
  const right = pred.trim()
  if (left === '' || right === '') return unknown('empty')
  if (left === right) return equal('identical')
  if (left.length > maximumLength || right.length > maximumLength) return unknown('too-long')
  try {
    return compareRead(readAnswer(gold), readAnswer(pred))
  } catch (error) {
    if (error instanceof RangeError) return unknown('too-deep')
    return unknown(`fault: ${error instanceof Error ? error.message : String(error)}`)
  }
}

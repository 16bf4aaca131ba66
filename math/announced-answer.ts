// The answer that a solution announces: "the final answer is", "####", <answer>, "the answer is", 答案是, 答えは, "option (B) is
// correct". The last announcement that an answer follows counts. Linear in the text.

import { answerBehind, isWordy } from './answer-behind.ts'
import { tidy } from './joined-answers.ts'
import { lastMatches } from './text-matches.ts'

/** "Final answer" that announces something: not "put your final answer within \boxed{}". */
const finalPhrase =
  /final\s{1,9}answers?(?:\s{1,9}to\s{1,9}(?:the|this)\s{1,9}(?:problem|question))?(?:\s{1,9}(?:is|are)\b|[\s*_]{0,9}[:：=]|[*_#:]{0,9}\s{0,9}\n|(?=\s{0,9}(?:\$|\\[([]|[-−]?\d)))|最(?:终|終的な?)(?:答案|答え|解答)\s?(?:是|为|為|は|[:：])/gi
const answerPhrase =
  /answers?\s{1,9}(?:(?:to\s{1,9}(?:the|this)\s{1,9}(?:problem|question)\s{1,9})?(?:is|are|equals|would\s{1,9}be|must\s{1,9}be|should\s{1,9}be)\b(?!\s{1,9}not\b|n't)|=)|answers?[\s*_]{0,9}[:：]|(?:correct|right|best)\s{1,9}(?:answer|option|choice|letter)\s{0,3}(?:is\b|:)|答案?(?:是|为|為|[:：])|(?:答え|解答|回答|正解)\s?(?:は|[:：])|选项?\s?[:：]?(?=\s?[(（]?[A-J])/gi
/** The letter of a choice that is called right. */
const chosen =
  /(?:[Oo]ption|[Cc]hoice|OPTION)\s{1,3}\**\(?([A-J])\)?\**\s{1,3}is\s{1,3}(?:the\s)?(?:correct|right|answer|best)|\(([A-J])\)\s{1,3}is\s{1,3}(?:the\s)?(?:correct|right|answer)|(?:[Cc]hoose|[Ss]elect|[Pp]ick)\s{1,3}(?:(?:option|choice|answer)\s{1,3})?\**\(?([A-J])(?![\w'])/g
const tagged = /<answer>([^]{1,4000}?)<\/answer>/g
const hashed = /####[ \t]{0,9}([^\n#]{1,200})/g

export interface Announced {
  readonly answer: string
  /** Where its announcement begins. */
  readonly at: number
}

function behindLast(pattern: RegExp, text: string): Announced | null {
  for (const match of lastMatches(pattern, text)) {
    const answer = answerBehind(text, match.index + match[0].length)
    if (answer !== null && answer !== '') return { answer, at: match.index }
  }
  return null
}

/** The answer behind the last "final answer is" or a heading of these words. */
export function finalAnswer(text: string): Announced | null {
  return behindLast(finalPhrase, text)
}

/** The answer between <answer> tags. */
export function taggedAnswer(text: string): string | null {
  const [last] = text.includes('</answer>') ? lastMatches(tagged, text) : []
  return last?.[1] === undefined ? null : (announcedAnswer(last[1]) ?? answerBehind(last[1], 0))
}

/** What stands behind "####", as GSM8K writes it: anything in the last line of a text, elsewhere only what is no heading. */
export function hashedAnswer(text: string): string | null {
  for (const { 0: whole, 1: content = '', index } of lastMatches(hashed, text)) {
    const answer = tidy(content)
    const end = index + whole.length
    if (answer !== '' && (!isWordy(answer) || text.slice(end, end + 400).trim() === '')) return answer
  }
  return null
}

/** The answer behind the last "answer is", "answer:" and the like; else the choice that is called right. */
export function announcedAnswer(text: string): string | null {
  const announced = behindLast(answerPhrase, text)
  if (announced !== null) return announced.answer
  const [choice] = lastMatches(chosen, text)
  return choice === undefined ? null : (choice[1] ?? choice[2] ?? choice[3] ?? null)
}

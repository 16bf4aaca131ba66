// The rules of cleaning, each with texts that it changes and texts that it leaves alone. They only remove. Every run
// in these patterns is bounded and starts at a fixed sign, so that hostile text takes linear time.

import { findControlTokens } from '../../llm/control-tokens.ts'
import { asksSomething } from './asks.ts'

/** One rule with texts that it changes (before, after) and texts that it leaves alone; one test runs them all. */
export interface CleaningRule {
  readonly name: string
  readonly apply: (text: string) => string
  readonly examples: { readonly changes: readonly (readonly [string, string])[]; readonly leaves: readonly string[] }
}

/** Titles that models put before a problem: `Problem:`, `**Question 3.**`, `User:`, `### Problem 12`. */
const LEADING_ROLE =
  /^[#*_>\s]{0,12}(?:(?:user|human|prompt)\s{0,4}(?:[:：]|\n)|(?:(?:math(?:s|ematics)?|word)\s{1,4})?(?:problem|question|exercise|q)\s{0,4}(?:#?\d{1,4}\s{0,4})?(?:[:：]|[.)](?=[\s*_])|\n|\*\*\s{0,4})|(?:problem|question|exercise)\s{1,4}#?\d{1,4}\s{0,4}\n)[*_]{0,4}\s*/i

/** What a chat model says before the problem that it was asked for: `Sure! Here is a problem about trains:` */
const PREAMBLE =
  /^(?:(?:sure|certainly|of\s{1,3}course|okay|great|absolutely)\s?(?:thing\s?)?[!,.]\s{0,4})?(?:here(?:'|’)?s|here\s{1,3}(?:is|are))\s{1,3}(?:a|an|another|one|your|the)\s(?![^\n:]{0,60}\b(?:solution|answer|step))[^\n:]{0,80}\b(?:problem|question|exercise|challenge|puzzle)\b[^\n:]{0,60}:\s{1,8}(?=\S)/i

/** A line that opens the next turn of a conversation. */
const NEXT_TURN =
  /\n[ \t]{0,12}[#*_<]{0,6}(?:assistant|user|human|system|model|ai|chatbot)[*_>]{0,4}[ \t]{0,4}(?:[:：]|(?=\n)|$)/i

/** The next turn in the line of the question. */
const NEXT_TURN_INLINE = /(?<=[?.!)\]$}])[ \t]{1,12}[*_]{0,4}(?:Assistant|User|Human|AI)[*_]{0,4}\s?[:：]/

/** A line that opens a solution. */
const SOLUTION_LINE =
  /\n[#*_>\s]{0,12}(?:step\s{0,4}(?:#?\s?1|one)\b|(?:solution|proof|answer(?:\s{1,4}key)?|explanation|response|hint|sol|ans)\s{0,4}(?:\d{1,2}\s{0,4})?[*_]{0,4}\s{0,4}(?:[:：.]|\n|$)|(?:the\s{1,4})?(?:final|correct)\s{1,4}answer\b|(?:here(?:'|’)?s|here is)\s{1,4}(?:the|a|my|one)\s{1,4}(?:step|solution|answer)|to\s{1,4}(?:solve|find|determine|answer)\s{1,4}(?:this|the\s{1,4}(?:problem|question|value|answer))\b[^\n?]{0,200}?(?:,|\bwe\b)|let(?:'|’)?s\s{1,4}(?:solve|think|break)\b)/i

/** A line that may open a solution, or go on with the problem: it is cut only where nothing is asked behind it. */
const DOUBTFUL_SOLUTION_LINE =
  /\n[#*_>\s]{0,12}(?:let(?:'|’)?s\s{1,4}(?:start|denote|begin)\b|(?:first|okay|sure|alright)\s?,\s)/i

/** A solution that goes on in the line of the question. */
const SOLUTION_INLINE =
  /(?<=[?.!)\]$}])\s{1,12}[([*_]{0,4}(?:(?:answer|solution|explanation|hint|ans|sol)\s{0,4}[*_]{0,4}\s?[:：]|(?:so,?\s{1,4}|i\s{1,4}think\s{1,4}(?:that\s{1,4})?)?the\s{1,4}(?:final\s{1,4}|correct\s{1,4})?answer(?:\s{1,4}to\s{1,4}(?:this|the)\s{1,4}(?:question|problem))?\s{1,4}is\b|let(?:'|’)s\s{1,4}(?:solve|think)\b|to\s{1,4}(?:compute|solve|evaluate|calculate)\s[^.?\n]{1,80},\s{1,4}we\b)/i

/** A bare number behind the question mark. */
const BARE_ANSWER = /(?<=[?？])\s{1,6}[*_$[]{0,3}-?\d[\d.,/]{0,20}%?[*_$\]]{0,3}\.?$/

/** What a prompt for answerers says at its end. */
const ANSWERING_INSTRUCTION =
  /(?:\bplease\s{1,4})?(?:\b(?:reason|think|solve(?:\s{1,4}(?:it|this))?)\s{1,4}step[\s-]{1,4}by[\s-]{1,4}step,?\s{0,4}(?:and\s{1,4})?)?\b(?:put|give|write|place|enclose)\s{1,4}(?:your|the)\s{1,4}final\s{1,4}answer\s{1,4}(?:with)?in\s{1,4}\$?\\boxed\{\s?\}\$?\s?\.?$/i

const QUESTION = 'What is $2+2$?'

/** In the order in which they are applied. */
export const CLEANING_RULES: readonly CleaningRule[] = [
  {
    name: 'characters',
    apply: (text) =>
      text
        .replace(/\r\n?|[\u2028\u2029]/g, '\n')
        .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
        .replace(/[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g, ''),
    examples: {
      changes: [
        ['Find x.\r\nx + 1 = 2', 'Find x.\nx + 1 = 2'],
        ['What\u00a0is\u200b 3?', 'What is 3?'],
      ],
      leaves: ['What is 3 ÷ 2?\n\tGive a fraction.'],
    },
  },
  {
    name: 'whitespace',
    apply: (text) =>
      text
        .replace(/(?<![ \t])[ \t]+$/gm, '')
        .replace(/\n{3,}/g, '\n\n')
        .trim(),
    examples: {
      changes: [[`  ${QUESTION}  \n\n\n\nGive a number. \n`, `${QUESTION}\n\nGive a number.`]],
      leaves: ['What  is\n\n  3?'],
    },
  },
  {
    name: 'control-tokens',
    apply: withoutControlTokens,
    examples: {
      changes: [
        [`${QUESTION}<|im_end|>\n<|im_start|>assistant\nIt is 4.`, QUESTION],
        [`${QUESTION}<｜Assistant｜><think>\nIt is`, QUESTION],
        [`<|im_start|>user\n${QUESTION}`, QUESTION],
        [`<bos><start_of_turn>user\n${QUESTION}<end_of_turn>`, QUESTION],
      ],
      leaves: ['How many solutions has $|a| < |b|$ for integers $0 < a, b < 5$?', 'Let $p<q$ and $q>r$. Is $p<r$?'],
    },
  },
  {
    name: 'role-words',
    apply: (text) => cutAfterQuestion(cut(withoutTitles(text), NEXT_TURN), NEXT_TURN_INLINE),
    examples: {
      changes: [
        [`Problem: ${QUESTION}`, QUESTION],
        [`**Problem 12.** ${QUESTION}`, QUESTION],
        [`### Question 3\n${QUESTION}`, QUESTION],
        [`User: ${QUESTION}\nAssistant: It is 4.`, QUESTION],
        [`${QUESTION}\nassistant\n\nIt is 4.`, QUESTION],
        [`User: ${QUESTION} Assistant: It is 4.`, QUESTION],
      ],
      leaves: [
        'A user logs in every 3 days. How often does the user log in within 90 days?',
        'The model of a car is 1:18. How long is the model of a car of 4.5 m? Answer in centimetres.',
        'Problem solving takes Ann 5 minutes. How many problems does she solve in 2 hours?',
      ],
    },
  },
  {
    name: 'preamble',
    apply: (text) => text.replace(PREAMBLE, ''),
    examples: {
      changes: [
        [`Sure! Here is a challenging math problem about sums:\n\n${QUESTION}`, QUESTION],
        [`Here's a problem for you: ${QUESTION}`, QUESTION],
      ],
      leaves: [
        "Here's the solution to the problem: it is 4.",
        'Here is a problem that Euler solved in 1735. What is the sum of the inverse squares?',
      ],
    },
  },
  {
    name: 'answer-leak',
    apply: (text) =>
      cutDoubtful(
        cutAfterQuestion(cutAfterQuestion(text, SOLUTION_LINE), SOLUTION_INLINE),
        DOUBTFUL_SOLUTION_LINE,
      ).replace(BARE_ANSWER, ''),
    examples: {
      changes: [
        [`${QUESTION}\n\n## Step 1: Add\nIt is 4.`, QUESTION],
        [`${QUESTION}\n**Solution:** 4`, QUESTION],
        [`${QUESTION}\nSolution\nIt is 4.`, QUESTION],
        [`${QUESTION}\nAnswer: 4`, QUESTION],
        [`${QUESTION} Answer: 4`, QUESTION],
        [`${QUESTION} The answer is 4.`, QUESTION],
        [`${QUESTION} The answer to this question is 4.`, QUESTION],
        [`${QUESTION}\n\nI think the answer is 4.`, QUESTION],
        [`${QUESTION} Hint: count.`, QUESTION],
        [`${QUESTION} [4]`, QUESTION],
        ['Compute 3!. To compute 3!, we multiply 3*2*1 = 6.', 'Compute 3!.'],
        [`${QUESTION}\nTo solve this problem, we add.`, QUESTION],
        [`${QUESTION}\nLet's think step by step.`, QUESTION],
        [`${QUESTION} 4`, QUESTION],
        [`${QUESTION}\nFirst, we add the numbers.`, QUESTION],
      ],
      leaves: [
        'Step 1: fold the sheet.\nStep 2: cut it in half.\nHow many pieces are there after step 2?',
        'A solution of 20 % salt is mixed with 3 litres of water. How much salt is in it?',
        'Tom wants to find the weight of his bag.\nFirst, he puts in 3 books of 2 kg. Then he adds 4 kg. How heavy is it?',
      ],
    },
  },
  {
    name: 'answering-instruction',
    apply: (text) => text.replace(ANSWERING_INSTRUCTION, ''),
    examples: {
      changes: [
        [`${QUESTION}\nPlease reason step by step, and put your final answer within \\boxed{}.`, `${QUESTION}\n`],
      ],
      leaves: ['What number goes in the box? $3 + \\boxed{?} = 5$'],
    },
  },
  {
    name: 'wrapping',
    apply: unwrap,
    examples: {
      changes: [
        [`"${QUESTION}"`, QUESTION],
        [`**${QUESTION}**`, QUESTION],
        ['```latex\nFind $x$ if $x+1=2$.\n```', 'Find $x$ if $x+1=2$.'],
      ],
      leaves: ['He wrote "x" and "y". What is x + y if both are 3?', '"A" is 3 and "B" is "C"'],
    },
  },
]

/** Takes control tokens off the beginning, with the role's name where one follows, and cuts the rest at the next one. */
function withoutControlTokens(text: string): string {
  const tokens = findControlTokens(text)
  let begin = 0
  for (const { token, index } of tokens) {
    if (text.slice(begin, index).trim() !== '') return text.slice(begin, index)
    begin = index + token.length
    begin += /^\s*(?:user|system|assistant|human|model)\s*\n/i.exec(text.slice(begin))?.[0].length ?? 0
  }
  return text.slice(begin)
}

function withoutTitles(text: string): string {
  let rest = text
  let before: string
  do {
    before = rest
    rest = before.replace(LEADING_ROLE, '')
  } while (rest !== before)
  return rest
}

function cut(text: string, from: RegExp): string {
  const found = from.exec(text)
  return found === null ? text : text.slice(0, found.index)
}

/** Cuts only where the part before asks something: else it is a problem that talks about steps and answers. */
function cutAfterQuestion(text: string, from: RegExp): string {
  const before = cut(text, from)
  return before !== text && asksSomething(before) ? before : text
}

/** Cuts only where nothing is asked behind: the question of a problem stands at its end more often than not. */
function cutDoubtful(text: string, from: RegExp): string {
  const before = cutAfterQuestion(text, from)
  return text.slice(before.length).includes('?') ? text : before
}

/** Takes quotes, bold marks and a code fence off that stand around the whole. */
function unwrap(text: string): string {
  const fenced = /^```[a-z]*\n([^`]*)\n```$/i.exec(text)
  if (fenced !== null) return fenced[1]!
  for (const [open, close] of [
    ['**', '**'],
    ['"', '"'],
    ['“', '”'],
  ] as const) {
    const inner = text.slice(open.length, -close.length)
    const whole = text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close)
    if (whole && !inner.includes(open) && !inner.includes(close)) return inner
  }
  return text
}

// Rules about the text itself: whether it is whole, clean, of the right length and language, and asks something.

import { asksSomething, isFillIn } from './asks.ts'
import { repetitionIn } from './repetition.ts'
import { seen, type Rule } from './rule.ts'
import { answerIn } from './told-answers.ts'

/** Control characters (a broken \frac becomes a form feed), the replacement character, private use. */
const NON_PRINTING = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd\ue000-\uf8ff]/

const OPEN_END =
  /[:,;(\x5b{+&–—-]$|(?:^|\s)(?:the|an?|of|and|or|with|than|if|that|is|are|whose|such|where|which|when|by|from|its|their|since|because)$/
/** A drawing draws, and asks nothing. */
const DRAWING = /\[asy\](?:(?!\[\/?asy\])[^]){0,4000}\[\/asy\]/g
const PAIRS: readonly (readonly [RegExp, RegExp, string])[] = [
  [/\\\[/g, /\\\]/g, '\\['],
  [/\\begin\{/g, /\\end\{/g, '\\begin{'],
  [/\[asy\]/g, /\[\/asy\]/g, '[asy]'],
]

const HEADLESS_SIGN = /^(?:[,.;:)\]}?!%&*+=/|>]|['’](?:s|re|ve|ll|t)\b)/
/** Words that go on with something: a problem may begin in lower case, but not with one of these. */
const HEADLESS_WORD =
  /^(?:and|or|but|of|with|which|that|than|because|whose|then|so|therefore|hence|thus|where|while|respectively)\b/

/** Openings of a solution or of a chat: there is no problem in such a text. */
const NO_PROBLEM =
  /^(?:[#*_>\s]*(?:step\s*1\b|solution\s*[*_]*\s*[:：]|answer\s*[*_]*\s*[:：]|(?:the\s+)?final\s+answer\b)|to\s+solve\s+(?:this|the)\s+(?:problem|question|equation|exercise|puzzle|system)\b|let(?:'|’)?s\s+(?:solve|break|think|start|work\s+through|go\s+through)\b|you\s+are\s+(?:a|an)\s+(?:helpful|expert|ai|assistant|mathematics?\s+(?:tutor|expert))\b|(?:assistant|ai|chatbot)\s?[:：]|sure[,!]|certainly[,!]|of course[,!]|i(?:'|’)?m sorry|as an ai\b|(?:hello|hi)[,!.]|here(?:'|’)?s\s+(?:a|the|my)\s+(?:solution|step|answer))/i

export const TEXT_RULES: readonly Rule[] = [
  {
    reason: 'empty',
    setting: null,
    detail: ({ text }) => (text === '' ? 'no text is left after cleaning' : null),
    examples: { refuses: [''], passes: ['What is 7 times 8?'] },
  },
  {
    reason: 'non-printing',
    setting: null,
    detail: ({ text }) => {
      const found = NON_PRINTING.exec(text)?.[0] ?? (text.isWellFormed() ? null : '\ud800')
      return found === null ? null : `character U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
    },
    examples: {
      refuses: ['Compute \u000crac{1}{2} + 1.', 'What is 1 \ufffd 2 equal to?', 'What is \ud800 plus 1?'],
      passes: ['What is 1 ÷ 2?', 'Find x.\n\tx + 1 = 2'],
    },
  },
  {
    reason: 'too-long',
    setting: 'maxCharacters',
    detail: ({ text, limits }) =>
      text.length > limits.maxCharacters
        ? `${text.length} characters, at most ${limits.maxCharacters} are allowed`
        : null,
    examples: {
      refuses: [`What is ${'one and then '.repeat(400)}?`],
      passes: ['What is one and then one?'],
    },
  },
  {
    reason: 'repetition',
    setting: null,
    detail: ({ text }) => repetitionIn(text),
    examples: {
      refuses: [
        `What is the sum of ${'the numbers and '.repeat(12)}?`,
        `Find x. ${'Zz'.repeat(40)}`,
        `Find x. ${'a'.repeat(60)}`,
        `What is ${'1'.repeat(300)} + 1?`,
        'How many apples are there in all?\n'.repeat(5),
        'find the area of the triangle '.repeat(5),
        'Then we take the next number and add it to the sum of all the numbers before. '.repeat(7),
      ],
      passes: [
        'A box holds 92 roses, and 39 boxes stand here. A box holds 32 roses, and 43 boxes stand here. A box holds 46 roses, and 38 boxes stand here. How many roses are there?',
        'Calculate the value of 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1.',
        'What is the remainder when 100000000000000000000000000000000000000000 is divided by 7?',
      ],
    },
  },
  {
    reason: 'unfinished',
    setting: null,
    detail: ({ text, finishReason }) => {
      if (finishReason !== null && finishReason !== 'stop') return `the model was stopped (${finishReason})`
      if (!isFillIn(text) && OPEN_END.test(text.replace(/(?<![*_\s])[*_\s]+$/, '')))
        return seen('ends in', text.slice(-40))
      const open = PAIRS.find(([begin, end]) => (text.match(begin)?.length ?? 0) > (text.match(end)?.length ?? 0))
      return open === undefined ? null : `${open[2]} is never closed`
    },
    examples: {
      refuses: [
        'Find all integers such that:',
        'Let $a$, $b$ be reals with $a+b=1$, find the',
        'Evaluate the sum \\[ 1 + 2 +',
        'Compute $\\int x^2 dx$ where',
        'Find the smallest $n$ for which the sum of the digits is',
        'What is the area of the figure? [asy] draw((0,0)--(1,1));',
        'Solve \\begin{align} x &= 1 \\\\ y &= 2. What is x?',
      ],
      passes: [
        'Find the next number: 1, 1, 2, 3, 5, 8, ...',
        'Evaluate\n\\[1 + 2 + 3\\]',
        'Let $f(x) + 2f(1/x) = 3x$ for all $x > 0$. The value of $f(2)$ is',
        '2, 5, 10, 17, ___',
      ],
    },
  },
  {
    reason: 'not-a-problem',
    setting: null,
    detail: ({ text }) => (NO_PROBLEM.test(text) ? seen('begins', text) : null),
    examples: {
      refuses: [
        '## Step 1: Add the numbers to find 4.',
        "I'm sorry, I cannot find that.",
        'Sure, here is how to find it.',
        'To solve this problem, we need to find the sum of 2 and 3. How many is that?',
        "Let's break it down step by step. We have two numbers, what is their sum?",
        'You are a helpful assistant that can solve mathematical problems. What can you do?',
        'Hello! How can I help you with mathematics today?',
        'Assistant: The answer is 5. User: What is 3+4?',
      ],
      passes: [
        'To solve a riddle Ann needs 5 minutes. How many does she solve in 2 hours?',
        "Let's say that a number is nice if it is prime. How many nice numbers are below 20?",
      ],
    },
  },
  {
    reason: 'fragment',
    setting: null,
    detail: ({ text }) => {
      if (HEADLESS_SIGN.test(text) && !/^(?:\*\*|\.\d)/.test(text)) return seen('begins with a sign', text)
      return HEADLESS_WORD.test(text) ? seen('begins in the middle of a sentence', text) : null
    },
    examples: {
      refuses: [
        'and the other is 5. What is the sum?',
        ', where $x > 0$. Find $x$.',
        ') is the centre. What is the radius?',
        ', the city of Nova Haven was a thriving metropolis. How many years went by?',
        "'s age is twice that of Ben. How old is Ben?",
      ],
      passes: ['what is 7 times 8?', 'is 91 a prime number?', '.5 of 30 is what?', '**Find** $x$ if $x+1=2$.'],
    },
  },
  {
    reason: 'too-short',
    setting: 'minCharacters',
    detail: ({ text, limits }) =>
      text.length < limits.minCharacters
        ? `${text.length} characters, at least ${limits.minCharacters} are asked for`
        : null,
    examples: { refuses: ['1 + 1?', '2 + 3 = 5'], passes: ['Find $7!$.'] },
  },
  {
    reason: 'other-language',
    setting: 'languages',
    detail: ({ language, limits }) =>
      language !== null && limits.languages !== null && !limits.languages.includes(language)
        ? `${language}; kept: ${limits.languages.join(', ')}`
        : null,
    examples: {
      refuses: [
        'Quelle est la somme des angles d’un triangle dont les côtés mesurent trois, quatre et cinq centimètres dans le plan ?',
        '三角形の二辺の長さが3と4で、その間の角が直角であるとき、斜辺の長さを求めなさい。',
        'Найдите сумму всех целых чисел, которые больше десяти и меньше двадцати.',
        'Berechne die Summe aller natürlichen Zahlen, die kleiner als hundert und durch sieben teilbar sind, und zeige den Weg.',
      ],
      passes: [
        'Simplify $\\frac{8}{22}$.',
        'Compute $\\dbinom{5}{3}$.',
        'What is the sum of the angles of a triangle?',
      ],
    },
  },
  {
    reason: 'no-question',
    setting: null,
    detail: ({ text, language }) =>
      (language === null || language === 'en') && !asksSomething(text.replace(DRAWING, ' ')) && !isFillIn(text)
        ? seen('asks nothing', text)
        : null,
    examples: {
      refuses: [
        'The area of a circle of radius 3 and its centre.',
        'Mathematics was always a great joy to her.',
        '[asy] draw((0,0)--(1,1)); [/asy]',
      ],
      passes: [
        'Simplify $\\frac{8}{22}$.',
        'List all the factors of 36.',
        'Order the numbers 3/4, 2/3 and 5/8 from least to greatest.',
        'Prove that $\\sqrt{2}$ is irrational.',
        'Test whether the series $\\sum 1/n^2$ converges.',
        'Develop a formula for the nth term of 3, 7, 11, 15, ...',
        'If a = 2 and b = 3, then a^b =',
        'The number of integers with $|x| < 4$ is ____.',
      ],
    },
  },
  {
    reason: 'answer-in-problem',
    setting: null,
    detail: ({ text }) => {
      const from = answerIn(text)
      return from === null ? null : seen('says', text.slice(from, from + 60).trim())
    },
    examples: {
      refuses: [
        'What is $2+2$? It follows that the value is $\\boxed{4}$.',
        'Solve for x: 3x - 7 = 11\n\n3x = 18\nx = 6',
        'Find the derivative of f(x) = x^2.\n\nThe derivative is 2x.',
        'What is the next number in 2, 4, 8, 16?\n\nThe next number is 32 because each is doubled.',
        'What is the sum of the first 10 positive integers? The sum of the first 10 positive integers is 55.',
        'If x + 3 = 7, what is x? x = 4.',
        'What is 7 * 8? It is 56.',
        'What is 15% of 80? 15% of 80 is 12.',
        'How many ways are there to arrange the letters of MATH? There are 24 ways.',
        'Find the area of a square of side 5. The area is 25.',
        'Solve $x^2=4$.\n\n$x = \\pm 2$',
        'What is the derivative of x^3? 3x^2',
        'What is the sum of $1+2$? \\boxed{3}',
      ],
      passes: [
        'What number goes in the box? $3 + \\boxed{?} = 5$',
        'Find $x + y$ if\n$x = 2$\n$y = 3$',
        'Find $x + y$. $x = 2$ and $y = 3$.',
        'What is the area of the rectangle if its length is twice the width? The width is 3.',
        'How long is the way? It is 3 km longer than the other, which has 5 km.',
        'What is the derivative of the function below? f(x) = 3x^2',
        'What is $n$? $n = 3^4 - 1$.',
        'What is the value of this expression at x=2? $x^2 + 3x$',
        'The digits of 12 are added to a number. Find the sum. The sum is a prime number.',
        'What is the length of the third side of a triangle with sides 2 and 3? The length is an integer.',
        'What is the price? The price is $50 before a discount of 20 %.',
        'How many apples has Ann? There are 12 apples and she takes 5.',
        'What number goes in the box? $\\boxed{\\phantom{3}} + 4 = 9$',
        'Find the area of the garden below.\n\nThe length is 3 m and the width is 2 m.',
      ],
    },
  },
]

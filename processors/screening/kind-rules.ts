// Rules about what kind of problem a text is: several at once, one that leans on something outside, a proof, a
// choice, no mathematics. Each follows a setting; doubtful texts pass.

import { asksSomething } from './asks.ts'
import { mathShareOf } from './math-share.ts'
import { missingFrom } from './outside-references.ts'
import { optionsIn, partsIn, severalProblemsIn } from './enumerations.ts'
import { seen, type Rule } from './rule.ts'

const PROOF =
  /\b(?:prove|disprove|show\s+that|demonstrate\s+that|verify\s+that|give\s+a\s+proof|provide\s+a\s+proof|write\s+a\s+proof)\b/i
/** Asks for a value: a question, or a verb at the head of a sentence or clause. */
const VALUE =
  /[?？]|(?:^|[.!;:]\s+|\n\s*)(?:what|which|how|when|where|who)\b|(?:^|[.!;:,]\s+|\n\s*|\b(?:and|then|also|hence|please)\s+)(?:find|compute|calculate|determine|evaluate|solve|simplify|express|factor|list|give|state|deduce)\b(?!\s+(?:a|your|the)\s+proof)/i

const YES_OR_NO =
  /^(?:[^.?!]{0,200},\s*)?(?:then\s+|so\s+)?(?:is|are|was|were|does|do|did|can|could|will|would|has|have|should|must)\s[^?]*\?[^?]*$/i
const ASKS_MORE = /\b(?:or|how|what|which|who|whose|when|where|why)\b/i
const TRUE_OR_FALSE = /\btrue\s+or\s+false\b|\byes\s+or\s+no\b|(?:^|[.!?]\s+)(?:determine|decide)\s+(?:whether|if)\b/i

const PROGRAM =
  /\b(?:write|implement|create|develop|code)\s+(?:me\s+)?(?:a|an|the|some)\s+(?:(?!linear\b)[\w+#]+\s+){0,3}(?:program|script|code|function\s+(?:that|which)\s+(?:takes|returns|accepts|prints))\b|```\s*(?:python|java|js|javascript|cpp|c\+\+|c)\b|\b(?:python|java|javascript|c\+\+)\s+(?:program|function|code|script)\b|\b(?:use|using|in|with)\s+(?:microsoft\s+)?(?:excel|google\s+sheets|matlab|mathematica|geogebra|spss)\b/i

/** The head of an order to make a problem. */
const MAKE_A_PROBLEM =
  /(?:^|[.!?]\s{1,4}|\n\s{0,4}|\b(?:can|could|would|will)\s+you\s+|\bplease\s+|\byou\s+to\s+)(?:please\s+)?(?:create|write|make(?:\s+up)?|generate|give|provide|design|compose|invent|pose|come\s+up\s+with)\s+(?:me\s+|us\s+)?(?:an?|some|another|one|two|three|four|five|ten|\d{1,3}|several)\s+(?:(?!(?:for|of|to|from|in|that|the|and)\b)[\w-]+\s+){0,4}?(?:problems?|questions?|exercises?|puzzles?|worksheets?|quiz(?:zes)?|lessons?)\b(?!['’]|\s+marks?\b)/i

export const KIND_RULES: readonly Rule[] = [
  {
    reason: 'several-problems',
    setting: 'severalProblems',
    detail: ({ text, limits }) => (limits.severalProblems === 'keep' ? null : severalProblemsIn(text)),
    examples: {
      refuses: [
        '1. What is $2+2$?\n2. What is $3 \\cdot 5$?\n3. Find $x$ if $x+1=7$.',
        '1) Compute $17 \\cdot 3$. 2) Compute $19 \\cdot 4$.',
        'What is the area of a square of side 3?\n\nProblem 2: What is its perimeter if the side is 5?',
        'Solve the following equations:\n1. $x+1=2$\n2. $2x=8$',
        'How many apples has Tom?\n\n---\n\nHow many days are there in 3 weeks?',
      ],
      passes: [
        'Let $f(x)=x^2+1$.\n(a) Find $f(2)$.\n(b) Find $f(f(1))$.',
        'Let $f(x)=x^2+1$ for all real $x$.\n1. Find $f(2)$.\n2. Find $f(f(1))$.',
        'Consider these statements:\n1. Every square is a rectangle.\n2. Every rectangle is a square.\nHow many of them are true?',
        'Step 1: fold the sheet.\nStep 2: cut it in half.\nHow many pieces are there after step 2?',
        'A test has 20 questions. In question 2. Tom lost 3 points, and 5 elsewhere. How many points of 100 has he?',
        'Which is larger?\n1) $2^{10}$\n2) $10^3$',
      ],
    },
  },
  {
    reason: 'several-parts',
    setting: 'parts',
    detail: ({ text, limits }) => (limits.parts === 'keep' ? null : partsIn(text)),
    examples: {
      refuses: [
        'Let $f(x)=x^2+1$.\n(a) Find $f(2)$.\n(b) Find $f(f(1))$.',
        'A ball falls from 20 m. a) How long does it fall? b) How fast is it then?',
      ],
      passes: [
        'Which number is prime? (a) 21 (b) 23 (c) 25',
        'For points $A$, $B$ with $AB = 3$ find the radius of the circle (a) through both of least area.',
      ],
    },
  },
  {
    reason: 'outside-reference',
    setting: 'outsideReferences',
    detail: ({ text, limits }) => (limits.outsideReferences === 'keep' ? null : missingFrom(text)),
    examples: {
      refuses: [
        'In the figure, $ABCD$ is a square of side 3. What is the area of the shaded region?',
        'What is the area of the triangle shown below?',
        'Use the table above to find the mean number of goals.',
        'The bar graph shows the sales of a shop in 5 months. In which month were they the highest?',
        'Using the result of the previous problem, find the sum of the first 20 terms.',
        'Which of the following numbers is a multiple of 7?',
        'Choose the correct answer from the options below. What is $3^4$?',
        'Solve the equation.',
        'Solve for x.',
        'Simplify the following expression.',
        'Given the following data, find the mean.',
        'Consider the following triangle. What is its area?',
        'Find the derivative of the given function.',
        'In the diagram, find the value of $x$ if one angle is $40^\\circ$ and the other is $x$, as labelled.',
        'What is the perimeter of ![the shape](shape.png) in centimetres?',
      ],
      passes: [
        'What is the area of the triangle shown below? [asy] draw((0,0)--(3,0)--(0,4)--cycle); [/asy]',
        'Use the table to find $f(g(2))$.\n| x | f(x) | g(x) |\n|---|---|---|\n| 1 | 2 | 3 |\n| 2 | 5 | 1 |',
        'The graph of $y = x^2$ meets the line $y = 4$ at two points. How far apart are they?',
        'Which of the following numbers is a multiple of 7: 13, 21, 32?',
        'Which of the following is largest? (A) $2^{10}$ (B) $10^3$ (C) $3^6$',
        'The first rows of a triangular array are shown below.\n1\n1 1\n1 3 1\nFind the sum of the sixth row.',
        'In the figure, a circle of radius 5 is inscribed in a square. What is the area of the square?',
        'In the diagram, $AB \\parallel CD$ and $\\angle ABE = 40^\\circ$, $\\angle CDE = 30^\\circ$. Find $\\angle BED$.',
        'According to the table, a pencil costs 20 cents and a pen 50 cents. How much do 3 pencils and 2 pens cost?',
        'A number is chosen from the table of primes less than 20. What is the probability that it is odd?',
        'Solve the equation $x^2 = 4$.',
        'Solve the following equation: x squared equals nine.',
        'Find the sum of the series of all inverse powers of two.',
        'Find the number of solutions of the equation sin x = x / 10.',
        'A figure has 6 sides of length 2. What is its perimeter?',
        'Ann sits at a table for 8 people. In how many ways can 7 others join her at the table?',
        'Each question is harder than the previous question by 2 points. The first gives 3 points; what does the 8th give?',
        'The first four rows of a triangle of numbers are 1; 1 1; 1 2 1; 1 3 3 1. Find the sum of the eighth row.',
      ],
    },
  },
  {
    reason: 'asks-for-program',
    setting: 'programs',
    detail({ text, limits }) {
      const found = limits.programs === 'keep' ? null : PROGRAM.exec(text)
      return found === null ? null : seen('says', text.slice(found.index))
    },
    examples: {
      refuses: [
        'Write a Python program that finds the sum of all primes below 1000.',
        'Write a function that takes a list of numbers and returns its median.',
        'How do you use Excel to calculate the mean of a column?',
      ],
      passes: [
        'A computer program doubles a number 5 times. What comes out for 3?',
        'Write a function rule for the sequence 2, 5, 8, 11.',
        'Write the function $f(x) = x^2 + 4x$ in vertex form.',
      ],
    },
  },
  {
    reason: 'asks-for-problem',
    setting: null,
    detail({ text }) {
      const found = MAKE_A_PROBLEM.exec(text)
      return found === null ? null : seen('says', found[0].trim())
    },
    examples: {
      refuses: [
        'Create a math word problem about fractions.',
        'Can you give me a problem about probability?',
        'Design a lesson plan on quadratic equations.',
        'Write 5 questions about the sum of angles.',
      ],
      passes: [
        'Tom has to write a question for a quiz each day. How many does he write in 3 weeks?',
        'A teacher makes up 12 problems a day. How many problems are there after 5 days?',
        'Write an equation for the problem: 3 more than twice a number is 11.',
      ],
    },
  },
  {
    reason: 'proof-only',
    setting: 'proofs',
    detail({ text, limits }) {
      if (limits.proofs === 'keep' || !PROOF.test(text) || VALUE.test(text)) return null
      const at = PROOF.exec(text)?.index ?? 0
      return seen('asks for a proof and no value', text.slice(at))
    },
    examples: {
      refuses: [
        'Prove that $\\sqrt{2}$ is irrational.',
        'Let $n$ be odd. Show that $n^2 - 1$ is a multiple of 8, which was known to Euclid.',
        'Let $a, b, c$ be positive reals with $abc = 1$. Prove that it is possible to find $t$ with $a + b + c \\ge t$.',
      ],
      passes: [
        'Find all primes $p$ with $p+2$ prime and below 20, and prove that there are no others.',
        'Prove that $n^2+n$ is even. What is its remainder modulo 2?',
        'How many days are there in 3 weeks? Show your work.',
        'Show that the series converges and find its sum: $1 + 1/2 + 1/4 + \\dots$',
      ],
    },
  },
  {
    reason: 'multiple-choice',
    setting: 'multipleChoice',
    detail({ text, limits }) {
      const options = limits.multipleChoice === 'keep' ? [] : optionsIn(text)
      return options.length < 2 ? null : `lists the options ${options.join(', ')}`
    },
    examples: {
      refuses: [
        'What is $2^5$? (A) 10 (B) 25 (C) 32 (D) 64',
        'What is $2^5$?\nA. 10\nB. 25\nC. 32',
        'What is $2^5$? $\\textbf{(A)}\\ 10 \\qquad \\textbf{(B)}\\ 25 \\qquad \\textbf{(C)}\\ 32$',
      ],
      passes: ['Points $A$ and $B$ are 3 apart, $C$ is 4 from both. What is the area of $ABC$?'],
    },
  },
  {
    reason: 'yes-or-no',
    setting: 'yesNo',
    detail({ text, limits }) {
      if (limits.yesNo === 'keep') return null
      const last = text.split(/(?<=[.?!])\s+/).findLast((sentence) => asksSomething(sentence)) ?? ''
      const found = TRUE_OR_FALSE.exec(text)?.[0] ?? (YES_OR_NO.test(last) && !ASKS_MORE.test(last) ? last : null)
      return found === null ? null : seen('asks', found.trim())
    },
    examples: {
      refuses: ['Is 91 a prime number?', 'If $x > 3$, is $x^2 > 9$?', 'True or false: every square is a rectangle.'],
      passes: ['Is 91 prime or composite, and what is its largest divisor?', 'What is 7 times 8?'],
    },
  },
  {
    reason: 'no-mathematics',
    setting: 'minMathShare',
    detail({ text, language, limits }) {
      if (limits.minMathShare === 0 || (language !== null && language !== 'en')) return null
      const share = mathShareOf(text)
      if (share >= limits.minMathShare) return null
      return `${(share * 100).toFixed(1)} % of its words are mathematics, at least ${limits.minMathShare * 100} % are asked for`
    },
    examples: {
      refuses: [
        'What is the capital of France, and why is it famous?',
        'Write a poem about the sea and the wind in autumn.',
        'Who was the first person to climb the mountain?',
      ],
      passes: [
        'Simplify $\\sqrt{x}$.',
        'What is the sum of the interior angles of a triangle?',
        'How many sides has a hexagon?',
        'Ann is twice as old as Ben, who is seven. How old is Ann?',
      ],
    },
  },
]

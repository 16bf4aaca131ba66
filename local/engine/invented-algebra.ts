// Invented problems about equations, sequences, functions and integrals.

import { NAMES } from './invented-arithmetic.ts'
import type { Family } from './invented-frame.ts'
import { latex, rational } from './invented-value.ts'

export const ALGEBRA: readonly Family[] = [
  {
    texts: [
      'Simplify $\\frac{<a>}{<b>} + \\frac{<c>}{<d>}$ and give the result as one number in lowest terms.',
      'What is the sum of the fractions $\\frac{<a>}{<b>}$ and $\\frac{<c>}{<d>}$ in lowest terms?',
    ],
    holes: { a: [1, 70], b: [3, 80], c: [2, 75], d: [4, 85] },
    solve: ({ a, b, c, d }) => ({
      answer: rational(a! * d! + c! * b!, b! * d!),
      steps: [
        `Over the common denominator ${b! * d!} the fractions are $\\frac{${a! * d!}}{${b! * d!}}$ and $\\frac{${c! * b!}}{${b! * d!}}$.`,
        `The numerators add up to ${a! * d! + c! * b!}.`,
        `In lowest terms the sum is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'The sum of <k> consecutive integers is <s>. What is the largest of them?',
      'If the sum of <k> consecutive whole numbers equals <s>, which number is the largest one?',
    ],
    holes: { k: [3, 60], x: [2, 900] },
    show: ({ k, x }) => ({ s: k! * x! + (k! * (k! - 1)) / 2 }),
    solve: ({ k, s }) => ({
      answer: rational(2 * s! + k! * (k! - 1), 2 * k!),
      steps: [
        `With the largest one called $n$, the sum is $${k}n - ${(k! * (k! - 1)) / 2} = ${s}$.`,
        `Hence $n = \\frac{${s! + (k! * (k! - 1)) / 2}}{${k}} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Consider the function $f(x) = <a>x + <b>$. For which number $x$ is $f(f(x)) = <c>$?',
      'Given that $f(x) = <a>x + <b>$, find the number $x$ with $f(f(x)) = <c>$.',
    ],
    holes: { a: [2, 40], b: [1, 200], x: [1, 90] },
    show: ({ a, b, x }) => ({ c: a! * (a! * x! + b!) + b! }),
    solve: ({ a, b, c }) => ({
      answer: rational(c! - b! - a! * b!, a! * a!),
      steps: [
        `Applying the function twice gives $${a! * a!}x + ${a! * b! + b!}$.`,
        `This equals ${c} when $${a! * a!}x = ${c! - b! - a! * b!}$.`,
        `So $x = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Solve for x: $<a>x + <b> = <c>$.',
      'Find the value of $x$ that satisfies the equation $<a>x + <b> = <c>$.',
      'What number $x$ makes the statement $<a>x + <b> = <c>$ true?',
    ],
    holes: { a: [2, 60], b: [3, 400], x: [2, 120] },
    show: ({ a, b, x }) => ({ c: a! * x! + b! }),
    solve: ({ a, b, c }) => ({
      answer: rational(c! - b!, a),
      steps: [
        `Subtracting ${b} on both sides gives $${a}x = ${c! - b!}$.`,
        `Dividing by ${a} gives $x = \\frac{${c! - b!}}{${a}} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Solve for x: $<a>(x - <b>) = <c>x + <d>$.',
      'Let $x$ be a real number with $<a>(x - <b>) = <c>x + <d>$. Find the exact value of $x$.',
    ],
    holes: { c: [2, 40], e: [1, 45], b: [2, 70], d: [3, 150] },
    show: ({ c, e }) => ({ a: c! + e! }),
    solve: ({ a, b, c, d }) => ({
      answer: rational(d! + a! * b!, a! - c!),
      steps: [
        `Expanding the left side gives $${a}x - ${a! * b!} = ${c}x + ${d}$.`,
        `Collecting terms gives $${a! - c!}x = ${d! + a! * b!}$.`,
        `Therefore $x = \\frac{${d! + a! * b!}}{${a! - c!}} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Suppose that $<a>x + <b>y = <c>$ and $<d>x + <e>y = <f>$. What is the value of $x + y$?',
      'Solve the system $<a>x + <b>y = <c>$, $<d>x + <e>y = <f>$ and give the value of $x + y$.',
    ],
    holes: { a: [2, 14], k: [1, 9], d: [10, 24], j: [1, 8], x: [1, 40], y: [2, 45] },
    // b > a and e < d, so the two lines are never parallel: a·e - b·d < 0.
    show: ({ a, k, d, j, x, y }) => {
      const b = a! + k!
      const e = d! - j!
      return { b, e, c: a! * x! + b * y!, f: d! * x! + e * y! }
    },
    solve: ({ a, b, c, d, e, f }) => {
      const determinant = a! * e! - b! * d!
      const [x, y] = [rational(c! * e! - b! * f!, determinant), rational(a! * f! - c! * d!, determinant)]
      return {
        answer: rational(c! * e! - b! * f! + a! * f! - c! * d!, determinant),
        steps: [
          `The determinant of the system is $${a} \\cdot ${e} - ${b} \\cdot ${d} = ${determinant}$.`,
          `By Cramer's rule $x = ${latex(x)}$ and $y = ${latex(y)}$.`,
          `Their sum is $x + y = <answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'Find the sum of the squares of the roots of $x^2 - <s>x + <p> = 0$.',
      'The equation $x^2 - <s>x + <p> = 0$ has two roots. What is the sum of their squares?',
    ],
    holes: { s: [5, 400], p: [2, 900] },
    solve: ({ s, p }) => ({
      answer: rational(s! * s! - 2 * p!),
      steps: [
        `By Vieta's formulas the roots add up to ${s} and their product is ${p}.`,
        `The sum of squares is $(r+t)^2 - 2rt = ${s}^2 - 2 \\cdot ${p}$.`,
        `This equals $${s! * s!} - ${2 * p!} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'What is the larger of the two solutions of $x^2 - <s>x + <p> = 0$?',
      'Determine the larger root of the quadratic equation $x^2 - <s>x + <p> = 0$.',
    ],
    holes: { x: [2, 300], y: [1, 250] },
    show: ({ x, y }) => ({ s: 2 * x! + y!, p: x! * (x! + y!) }),
    solve: ({ s, p }) => {
      const root = Math.round(Math.sqrt(s! * s! - 4 * p!))
      return {
        answer: rational(s! + root, 2),
        steps: [
          `The discriminant is $${s}^2 - 4 \\cdot ${p} = ${s! * s! - 4 * p!} = ${root}^2$.`,
          `The roots are $\\frac{${s} \\pm ${root}}{2}$.`,
          `The larger one is $\\frac{${s} + ${root}}{2} = <answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'The first term of an arithmetic sequence is <a> and its common difference is <d>. What is the sum of its first <n> terms?',
      'Consider the sequence that begins with <a> and in which every term is <d> more than the one before it. What is the sum of its first <n> terms?',
      'In a theatre the first row has <a> seats and every further row has <d> seats more than the one before. How many seats are there in <n> rows?',
    ],
    holes: { a: [3, 200], d: [2, 60], n: [6, 90] },
    solve: ({ a, d, n }) => ({
      answer: rational((n! * (2 * a! + (n! - 1) * d!)) / 2),
      steps: [
        `The last of the ${n} terms is $${a} + ${n! - 1} \\cdot ${d} = ${a! + (n! - 1) * d!}$.`,
        `The average of first and last is $\\frac{${a} + ${a! + (n! - 1) * d!}}{2}$.`,
        `Times ${n} terms the sum is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Let $f(x) = <a>x^2 + <b>x + <c>$. Find $f(<m>) - f(<n>)$.',
      'Given the function $f(x) = <a>x^2 + <b>x + <c>$, compute the difference $f(<m>) - f(<n>)$.',
    ],
    holes: { a: [2, 30], b: [2, 50], c: [1, 99], m: [3, 40], n: [1, 30] },
    solve: ({ a, b, c, m, n }) => {
      const [first, second] = [a! * m! * m! + b! * m! + c!, a! * n! * n! + b! * n! + c!]
      return {
        answer: rational(first - second),
        steps: [
          `$f(${m}) = ${a} \\cdot ${m! * m!} + ${b} \\cdot ${m} + ${c} = ${first}$.`,
          `$f(${n}) = ${a} \\cdot ${n! * n!} + ${b} \\cdot ${n} + ${c} = ${second}$.`,
          `The difference is $${first} - ${second} = <answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      '<name> is <k> times as old as a younger cousin. In <t> years the sum of their ages will be <s>. How old is the cousin now?',
    ],
    holes: { name: NAMES, k: [2, 9], t: [2, 40], x: [2, 60] },
    show: ({ k, t, x }) => ({ s: (k! + 1) * x! + 2 * t! }),
    solve: ({ k, t, s }) => ({
      answer: rational(s! - 2 * t!, k! + 1),
      steps: [
        `Let the cousin be $x$ years old, so the other is $${k}x$.`,
        `In ${t} years the sum is $${k! + 1}x + ${2 * t!} = ${s}$.`,
        `Hence $x = \\frac{${s! - 2 * t!}}{${k! + 1}} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      "Let $f(x) = <a>x^3 + <b>x^2 + <c>x$. What is the value of the derivative $f'(<k>)$?",
      'Find the slope of the tangent to the curve $y = <a>x^3 + <b>x^2 + <c>x$ at the point where $x = <k>$.',
    ],
    holes: { a: [2, 26], b: [2, 40], c: [2, 90], k: [1, 25] },
    solve: ({ a, b, c, k }) => ({
      answer: rational(3 * a! * k! * k! + 2 * b! * k! + c!),
      steps: [
        `The derivative is $${3 * a!}x^2 + ${2 * b!}x + ${c}$.`,
        `At $x = ${k}$ its terms are ${3 * a! * k! * k!}, ${2 * b! * k!} and ${c}.`,
        `Their sum is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Evaluate the integral $\\int_0^{<k>} (<a>x^2 + <b>x) \\, dx$. Give an exact value.',
      'What is the exact area under the curve $y = <a>x^2 + <b>x$ between $x = 0$ and $x = <k>$?',
    ],
    holes: { a: [2, 60], b: [2, 75], k: [1, 30] },
    solve: ({ a, b, k }) => ({
      answer: rational(2 * a! * k! ** 3 + 3 * b! * k! ** 2, 6),
      steps: [
        `An antiderivative is $\\frac{${a}}{3}x^3 + \\frac{${b}}{2}x^2$.`,
        `At the upper end it is $\\frac{${a! * k! ** 3}}{3} + \\frac{${b! * k! ** 2}}{2}$, at the lower end 0.`,
        `So the value is $<answer>$.`,
      ],
    }),
  },
]

// Invented problems about divisibility, remainders and digits.

import type { Family } from './invented-frame.ts'
import { greatestDivisor, rational } from './invented-value.ts'

/** base ** exponent mod modulus, by squaring. */
function powerModulo(base: number, exponent: number, modulus: number): number {
  let [result, factor, left] = [1n, BigInt(base) % BigInt(modulus), BigInt(exponent)]
  while (left > 0n) {
    if (left & 1n) result = (result * factor) % BigInt(modulus)
    factor = (factor * factor) % BigInt(modulus)
    left >>= 1n
  }
  return Number(result % BigInt(modulus))
}

function divisor(left: number, right: number): number {
  return Number(greatestDivisor(BigInt(left), BigInt(right)))
}

/** Prime factors with their exponents. */
function factors(number: number): [prime: number, exponent: number][] {
  const list: [number, number][] = []
  let rest = number
  for (let prime = 2; prime * prime <= rest; prime += 1) {
    let exponent = 0
    while (rest % prime === 0) {
      rest /= prime
      exponent += 1
    }
    if (exponent > 0) list.push([prime, exponent])
  }
  if (rest > 1) list.push([rest, 1])
  return list
}

function factored(number: number): string {
  return factors(number)
    .map(([prime, exponent]) => (exponent === 1 ? String(prime) : `${prime}^{${exponent}}`))
    .join(' \\cdot ')
}

function digitSum(number: number, base: number): number {
  let [sum, rest] = [0, number]
  for (; rest > 0; rest = Math.floor(rest / base)) sum += rest % base
  return sum
}

const PRIMES = [23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]
const LARGER_PRIMES = [
  101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199,
]

export const NUMBERS: readonly Family[] = [
  {
    texts: [
      'Find the remainder when $<a>^{<e>}$ is divided by <m>.',
      'What is the remainder when $<a>^{<e>}$ is divided by <m>?',
      'When the number $<a>^{<e>}$ is divided by <m>, what remainder is left?',
    ],
    holes: { a: [2, 120], e: [20, 999], m: [7, 97] },
    solve: ({ a, e, m }) => ({
      answer: rational(powerModulo(a!, e!, m!)),
      steps: [
        `Modulo ${m} the base is congruent to ${a! % m!}.`,
        `Squaring again and again gives $${a}^2 \\equiv ${powerModulo(a!, 2, m!)}$, $${a}^4 \\equiv ${powerModulo(a!, 4, m!)}$ and $${a}^8 \\equiv ${powerModulo(a!, 8, m!)}$.`,
        `Multiplying the powers that the binary form of ${e} asks for leaves $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'What is the greatest common divisor of <a> and <b>?',
      'Find the greatest common divisor of the numbers <a> and <b> by the Euclidean algorithm.',
    ],
    holes: { x: [11, 900], y: [12, 850] },
    show: ({ x, y }) => ({ a: 12 * x!, b: 12 * y! }),
    solve: ({ a, b }) => ({
      answer: rational(divisor(a!, b!)),
      steps: [
        `Factoring gives $${a} = ${factored(a!)}$.`,
        `Likewise $${b} = ${factored(b!)}$.`,
        `The common part of both is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'What is the least common multiple of <a> and <b>?',
      'Two lighthouses flash together at midnight; one flashes every <a> seconds, the other every <b> seconds. After how many seconds do they flash together again for the first time?',
    ],
    holes: { a: [12, 600], b: [14, 580] },
    solve: ({ a, b }) => ({
      answer: rational((a! * b!) / divisor(a!, b!)),
      steps: [
        `We have $${a} = ${factored(a!)}$ and $${b} = ${factored(b!)}$.`,
        `Their greatest common divisor is ${divisor(a!, b!)}.`,
        `The least common multiple is $\\frac{${a} \\cdot ${b}}{${divisor(a!, b!)}} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'How many positive divisors does <n> have?',
      'Determine how many positive integers divide <n> without a remainder.',
    ],
    holes: { n: [500, 99_999] },
    solve: ({ n }) => ({
      answer: rational(factors(n!).reduce((product, [, exponent]) => product * (exponent + 1), 1)),
      steps: [
        `The prime factorization is $${n} = ${factored(n!)}$.`,
        `A divisor chooses each exponent freely from 0 up to the one that stands there.`,
        `Multiplying the numbers of choices gives $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'How many integers between <a> and <b>, inclusive, are divisible by <m>?',
      'How many multiples of <m> lie between <a> and <b>, both ends included?',
    ],
    holes: { a: [20, 900], w: [100, 5000], m: [3, 48] },
    show: ({ a, w }) => ({ b: a! + w! }),
    solve: ({ a, b, m }) => ({
      answer: rational(Math.floor(b! / m!) - Math.floor((a! - 1) / m!)),
      steps: [
        `Up to ${b} there are $${Math.floor(b! / m!)}$ multiples of ${m}.`,
        `Below ${a} there are $${Math.floor((a! - 1) / m!)}$ of them.`,
        `What remains is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'How many positive integers less than <n> are divisible by <a> or by <b>?',
      'A counter runs from 1 up to but not including <n>. How many of the numbers that it shows are divisible by <a> or by <b>?',
    ],
    holes: { n: [200, 6000], a: [3, 16], b: [17, 40] },
    solve: ({ n, a, b }) => {
      const [last, common] = [n! - 1, (a! * b!) / divisor(a!, b!)]
      const [first, second, both] = [Math.floor(last / a!), Math.floor(last / b!), Math.floor(last / common)]
      return {
        answer: rational(first + second - both),
        steps: [
          `There are ${first} multiples of ${a} and ${second} multiples of ${b}.`,
          `Multiples of ${common} are counted twice: there are ${both} of them.`,
          `By inclusion and exclusion the number is $${first} + ${second} - ${both} = <answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'What is the sum of the digits of <n> when it is written in base <b>?',
      'Write the number <n> in base <b>. What do its digits add up to?',
    ],
    holes: { n: [1000, 90_000], b: [3, 9] },
    solve: ({ n, b }) => ({
      answer: rational(digitSum(n!, b!)),
      steps: [
        `Dividing by ${b} again and again gives $${n} = ${n!.toString(b)}_{${b}}$.`,
        `Adding the digits ${Array.from(n!.toString(b)).join(', ')} gives $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Find the smallest positive integer that leaves remainder <r> when divided by <p> and remainder <s> when divided by <q>.',
      'What is the smallest positive number of marbles that leaves <r> over when shared among <p> children and leaves <s> over when shared among <q> children?',
    ],
    holes: { i: [0, PRIMES.length - 1], j: [0, LARGER_PRIMES.length - 1], r: [1, 22], s: [1, 100] },
    show: ({ i, j }) => ({ p: PRIMES[i!]!, q: LARGER_PRIMES[j!]! }),
    solve: ({ p, q, r, s }) => {
      let number = r!
      for (let steps = 0; number % q! !== s! && steps < q!; steps += 1) number += p!
      return {
        answer: rational(number),
        steps: [
          `The numbers that leave ${r} modulo ${p} are ${r}, ${r! + p!}, ${r! + 2 * p!} and so on.`,
          `Modulo ${q} they leave ${r! % q!}, ${(r! + p!) % q!}, ${(r! + 2 * p!) % q!}, and the pattern goes on by ${p! % q!}.`,
          `The first that leaves ${s} is $<answer>$.`,
        ],
      }
    },
  },
]

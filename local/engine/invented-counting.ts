// Invented problems about choices, arrangements and chances.

import { NAMES } from './invented-arithmetic.ts'
import type { Family } from './invented-frame.ts'
import { latex, rational } from './invented-value.ts'

function choose(all: number, some: number): bigint {
  let result = 1n
  for (let index = 1; index <= some; index += 1) result = (result * BigInt(all - some + index)) / BigInt(index)
  return result
}

export const COUNTING: readonly Family[] = [
  {
    texts: [
      'A club has <n> women and <m> men. How many ways are there to choose a committee of <k> women and <j> men?',
      'How many different teams of <k> juniors and <j> seniors can be chosen from <n> juniors and <m> seniors?',
    ],
    holes: { n: [7, 60], m: [6, 58], k: [2, 5], j: [1, 5] },
    solve: ({ n, m, k, j }) => {
      const [first, second] = [choose(n!, k!), choose(m!, j!)]
      return {
        answer: rational(first * second),
        steps: [
          `There are $\\binom{${n}}{${k}} = ${first}$ choices for the first group.`,
          `There are $\\binom{${m}}{${j}} = ${second}$ choices for the second group.`,
          `Both choices are independent, so the number is $${first} \\cdot ${second} = <answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'A bag holds <r> red, <b> blue and <g> green marbles. Two marbles are drawn at random without replacement. What is the probability that both are red?',
      'A box contains <r> red, <b> blue and <g> green pencils. If two pencils are taken out at random without putting any back, what is the probability that both are red?',
      'What is the probability that two cards drawn at random without replacement are both red, if a pile holds <r> red, <b> blue and <g> green cards?',
    ],
    holes: { r: [2, 60], b: [2, 50], g: [1, 50] },
    solve: ({ r, b, g }) => {
      const all = r! + b! + g!
      return {
        answer: rational(r! * (r! - 1), all * (all - 1)),
        steps: [
          `There are ${all} in total.`,
          `The first is red with probability $${latex(rational(r!, all))}$, the second then with $${latex(rational(r! - 1, all - 1))}$.`,
          `The product of the two is $<answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'An urn contains <r> white balls and <b> black balls. <name> draws two balls at once. What is the probability that the balls have different colours?',
      'If <name> picks two socks at random from a drawer with <r> white socks and <b> black socks, what is the probability that the two do not match?',
    ],
    holes: { name: NAMES, r: [3, 150], b: [4, 160] },
    solve: ({ r, b }) => {
      const pairs = choose(r! + b!, 2)
      return {
        answer: rational(BigInt(r! * b!), pairs),
        steps: [
          `There are $\\binom{${r! + b!}}{2} = ${pairs}$ pairs.`,
          `Of these, $${r} \\cdot ${b} = ${r! * b!}$ are mixed.`,
          `The probability is $\\frac{${r! * b!}}{${pairs}} = <answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'How many shortest lattice paths lead from the point $(<x>, <y>)$ to the point $(<u>, <v>)$ if every step goes one unit right or one unit up?',
      'A robot stands at $(<x>, <y>)$ and moves one unit right or one unit up at a time. In how many ways can it reach $(<u>, <v>)$?',
    ],
    holes: { x: [-40, 60], y: [-40, 60], a: [3, 16], b: [3, 15] },
    show: ({ x, y, a, b }) => ({ u: x! + a!, v: y! + b! }),
    solve: ({ x, y, u, v }) => {
      const [right, up] = [u! - x!, v! - y!]
      return {
        answer: rational(choose(right + up, up)),
        steps: [
          `The path has ${right} steps to the right and ${up} steps up.`,
          `It is fixed by the places of the ${up} upward steps among ${right + up} steps.`,
          `This gives $\\binom{${right + up}}{${up}} = <answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'In how many ways can <n> identical coins be shared among <k> children if each child gets at least <m>?',
      'How many solutions in integers does $x_1 + x_2 + \\dots + x_{<k>} = <n>$ have if every $x_i$ is at least <m>?',
    ],
    holes: { k: [3, 9], m: [1, 60], w: [4, 240] },
    show: ({ k, m, w }) => ({ n: k! * m! + w! }),
    solve: ({ n, k, m }) => {
      const left = n! - k! * m!
      return {
        answer: rational(choose(left + k! - 1, k! - 1)),
        steps: [
          `Setting aside ${m} for each of the ${k} leaves $${n} - ${k! * m!} = ${left}$ to share freely.`,
          `Stars and bars counts $\\binom{${left + k! - 1}}{${k! - 1}}$ ways.`,
          `This number is $<answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'A password begins with <a> letters, each one of <l> allowed letters, and ends with <b> digits, each one of <d> allowed digits; letters may repeat, digits may not. How many passwords are possible?',
      'How many codes consist of <a> letters out of an alphabet of <l>, repetition allowed, followed by <b> different digits out of <d> allowed ones?',
    ],
    holes: { a: [1, 5], l: [4, 400], b: [2, 4], d: [5, 10] },
    solve: ({ a, l, b, d }) => {
      let ending = 1
      for (let index = 0; index < b!; index += 1) ending *= d! - index
      return {
        answer: rational(BigInt(l!) ** BigInt(a!) * BigInt(ending)),
        steps: [
          `The letters can be chosen in $${l}^{${a}} = ${BigInt(l!) ** BigInt(a!)}$ ways.`,
          `The digits can be chosen in ${ending} ways, one fewer for each place.`,
          `Together there are $<answer>$ possibilities.`,
        ],
      }
    },
  },
]

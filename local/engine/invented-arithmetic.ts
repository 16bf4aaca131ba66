// Invented problems about sums, prices, rates and shares.

import type { Family } from './invented-frame.ts'
import { latex, rational } from './invented-value.ts'

export const NAMES = [
  'Amara',
  'Boris',
  'Chiara',
  'Dmitri',
  'Elena',
  'Farid',
  'Greta',
  'Haruka',
  'Ivan',
  'Jamila',
  'Kenji',
  'Lucia',
  'Marek',
  'Nadia',
  'Oscar',
  'Priya',
  'Quentin',
  'Rosa',
  'Sven',
  'Tomoko',
  'Ulrich',
  'Vera',
  'Wanda',
  'Xavier',
  'Yusuf',
  'Zelda',
]
const GOODS = [
  'notebooks',
  'lanterns',
  'teapots',
  'umbrellas',
  'chess sets',
  'scarves',
  'candles',
  'baskets',
  'mirrors',
  'kites',
]
const PLACES = ['market', 'bookshop', 'harbour fair', 'village store', 'museum shop', 'station kiosk']

export const ARITHMETIC: readonly Family[] = [
  {
    texts: [
      'Three friends share <s> dollars in the ratio $<a> : <b> : <c>$. How many dollars does the last one get? Give an exact answer.',
      'Each of three heirs gets a part of <s> dollars, in the ratio $<a> : <b> : <c>$. What is the exact part of the third, in dollars?',
    ],
    holes: { s: [100, 9000], a: [1, 19], b: [2, 21], c: [3, 23] },
    solve: ({ s, a, b, c }) => ({
      answer: rational(s! * c!, a! + b! + c!),
      steps: [
        `The ratio has $${a} + ${b} + ${c} = ${a! + b! + c!}$ parts.`,
        `One part is worth $${latex(rational(s!, a! + b! + c!))}$ dollars.`,
        `The third share is $${c}$ parts, which is $<answer>$ dollars.`,
      ],
    }),
  },
  {
    texts: [
      '<name> buys <a> <goods> at <p> dollars each and <b> picture frames at <q> dollars each in a <place>. How many dollars does <name> pay in total?',
      'A shop sells <goods> at <p> dollars each and picture frames at <q> dollars each. What do <a> of the former and <b> of the latter cost together, in dollars?',
      'How many dollars does <name> spend in a <place> on <a> <goods> that cost <p> dollars each together with <b> picture frames that cost <q> dollars each?',
    ],
    holes: { name: NAMES, goods: GOODS, place: PLACES, a: [3, 90], p: [2, 60], b: [2, 80], q: [3, 70] },
    solve: ({ a, p, b, q }) => ({
      answer: rational(a! * p! + b! * q!),
      steps: [
        `The first purchase costs $${a} \\cdot ${p} = ${a! * p!}$ dollars.`,
        `The frames cost $${b} \\cdot ${q} = ${b! * q!}$ dollars.`,
        `Together this is $${a! * p!} + ${b! * q!} = <answer>$ dollars.`,
      ],
    }),
  },
  {
    texts: [
      'The price of a bicycle is <p> dollars. It is first raised by <r>% and the new price is then lowered by <s>%. What is the final price in dollars?',
      'What is the final price, in dollars, of a telescope that costs <p> dollars if its price goes up by <r>% and afterwards down by <s>%?',
    ],
    holes: { p: [120, 2400], r: [3, 60], s: [2, 55] },
    solve: ({ p, r, s }) => ({
      answer: rational(p! * (100 + r!) * (100 - s!), 10_000),
      steps: [
        `Raising by ${r}% multiplies the price by $\\frac{${100 + r!}}{100}$.`,
        `Lowering by ${s}% multiplies it by $\\frac{${100 - s!}}{100}$.`,
        `So the final price is $${p} \\cdot \\frac{${100 + r!}}{100} \\cdot \\frac{${100 - s!}}{100} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'The average of <n> numbers is <m>. When the number <x> joins them, what is the average of all the numbers? Give an exact value.',
      'A class of <n> pupils has an average score of <m> in a test. A late pupil then scores <x>. What is the exact average of the whole class now?',
    ],
    holes: { n: [4, 60], m: [20, 300], x: [5, 900] },
    solve: ({ n, m, x }) => ({
      answer: rational(n! * m! + x!, n! + 1),
      steps: [
        `The sum of the first ${n} values is $${n} \\cdot ${m} = ${n! * m!}$.`,
        `With the new one it is $${n! * m! + x!}$, shared among $${n! + 1}$ values.`,
        `The average is $\\frac{${n! * m! + x!}}{${n! + 1}} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Compute $<a> \\cdot <b> - <c> \\cdot <d>$ without a calculator.',
      'Evaluate the expression $<a> \\cdot <b> - <c> \\cdot <d>$ and show how you found it.',
    ],
    holes: { a: [12, 250], b: [11, 190], c: [12, 240], d: [13, 99] },
    solve: ({ a, b, c, d }) => ({
      answer: rational(a! * b! - c! * d!),
      steps: [
        `First, $${a} \\cdot ${b} = ${a! * b!}$.`,
        `Next, $${c} \\cdot ${d} = ${c! * d!}$.`,
        `The difference is $${a! * b!} - ${c! * d!} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'One pipe fills a pool in <a> hours and a second pipe fills it in <b> hours. If both work together, how many hours do they need to fill <k> such pools? Give an exact answer.',
      '<name> can paint a fence in <a> hours, and a neighbour needs <b> hours for the same fence. How many hours do they need together for <k> fences of this size? Give an exact answer.',
    ],
    holes: { name: NAMES, a: [3, 95], b: [4, 97], k: [2, 40] },
    solve: ({ a, b, k }) => ({
      answer: rational(k! * a! * b!, a! + b!),
      steps: [
        `In one hour the two together do $\\frac{1}{${a}} + \\frac{1}{${b}} = ${latex(rational(a! + b!, a! * b!))}$ of the work.`,
        `One such job therefore takes $${latex(rational(a! * b!, a! + b!))}$ hours.`,
        `For ${k} of them the time is $${k} \\cdot ${latex(rational(a! * b!, a! + b!))} = <answer>$ hours.`,
      ],
    }),
  },
  {
    texts: [
      'If a train travels <d> kilometres at <v> kilometres per hour and then <e> kilometres at <w> kilometres per hour, how many hours is it on the way? Give an exact answer.',
      'A train covers <d> kilometres at <v> kilometres per hour and then another <e> kilometres at <w> kilometres per hour. How many hours does the whole journey take? Give an exact answer.',
      'How many hours does <name> cycle altogether when the first <d> kilometres are ridden at <v> kilometres per hour and the last <e> kilometres at <w> kilometres per hour? Give an exact answer.',
    ],
    holes: { name: NAMES, d: [20, 400], v: [12, 60], e: [15, 360], w: [11, 55] },
    solve: ({ d, v, e, w }) => ({
      answer: rational(d! * w! + e! * v!, v! * w!),
      steps: [
        `The first part takes $\\frac{${d}}{${v}} = ${latex(rational(d!, v))}$ hours.`,
        `The second part takes $\\frac{${e}}{${w}} = ${latex(rational(e!, w))}$ hours.`,
        `The sum of both is $<answer>$ hours.`,
      ],
    }),
  },
  {
    texts: [
      'If <a> litres of a drink with <p>% juice are mixed with <b> litres of a drink with <q>% juice, what percentage of the mixture is juice? Give an exact value without the percent sign.',
      'A chemist mixes <a> litres of a solution with <p>% salt and <b> litres of a solution with <q>% salt. What is the exact percentage of salt in the mixture? Leave out the percent sign.',
    ],
    holes: { a: [2, 60], p: [3, 90], b: [3, 65], q: [5, 95] },
    solve: ({ a, p, b, q }) => ({
      answer: rational(a! * p! + b! * q!, a! + b!),
      steps: [
        `The amounts, in hundredths of a litre, are $${a} \\cdot ${p} = ${a! * p!}$ and $${b} \\cdot ${q} = ${b! * q!}$.`,
        `There are $${a! + b!}$ litres in all.`,
        `The share is $\\frac{${a! * p! + b! * q!}}{${a! + b!}} = <answer>$ percent.`,
      ],
    }),
  },
  {
    texts: [
      '<name> has <s> dollars and saves <w> dollars every week. A rare stamp costs <c> dollars. After how many weeks does <name> have exactly enough money for it?',
    ],
    holes: { name: NAMES, s: [10, 400], w: [3, 75], x: [5, 90] },
    show: ({ s, w, x }) => ({ c: s! + w! * x! }),
    solve: ({ s, w, c }) => ({
      answer: rational(c! - s!, w),
      steps: [
        `The missing amount is $${c} - ${s} = ${c! - s!}$ dollars.`,
        `At ${w} dollars a week this takes $\\frac{${c! - s!}}{${w}} = <answer>$ weeks.`,
      ],
    }),
  },
]

// Invented problems about lengths, areas and volumes.

import type { Family } from './invented-frame.ts'
import { NAMES } from './invented-arithmetic.ts'
import { latex, rational, squareRoot } from './invented-value.ts'

export const GEOMETRY: readonly Family[] = [
  {
    texts: [
      'In triangle $ABC$ the side $AB$ has length <a>, the side $AC$ has length <b>, and the height on $AB$ is <h>. How long is the height on $AC$? Give an exact value.',
    ],
    holes: { a: [10, 90], b: [12, 95], h: [3, 60] },
    solve: ({ a, b, h }) => ({
      answer: rational(a! * h!, b),
      steps: [
        `Twice the area is $${a} \\cdot ${h} = ${a! * h!}$.`,
        `It is also ${b} times the height that is asked for.`,
        `That height is $\\frac{${a! * h!}}{${b}} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'A circle has radius <r>. How long, exactly, is a chord whose distance from the centre is <d>?',
      'Find the exact length of a chord of a circle of radius <r> that passes the centre at a distance of <d>.',
    ],
    // d < r: the chord exists.
    holes: { r: [200, 600], d: [3, 199] },
    solve: ({ r, d }) => ({
      answer: squareRoot(4 * (r! * r! - d! * d!)),
      steps: [
        `Half of the chord is a leg of a right triangle with hypotenuse ${r} and other leg ${d}.`,
        `Its square is $${r! * r!} - ${d! * d!} = ${r! * r! - d! * d!}$.`,
        `Twice the root, simplified, is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'The length of a rectangle is <a> more than <k> times its width, and its perimeter is <p>. What is the area of the rectangle?',
      'A rectangular garden has a perimeter of <p> metres. Its length is <a> metres more than <k> times its width. Find the area of the garden in square metres.',
    ],
    holes: { a: [1, 60], k: [2, 9], w: [3, 90] },
    show: ({ a, k, w }) => ({ p: 2 * (k! * w! + a! + w!) }),
    solve: ({ a, k, p }) => {
      const width = rational(p! / 2 - a!, k! + 1)
      return {
        answer: rational(
          width.numerator * (BigInt(k!) * width.numerator + BigInt(a!) * width.denominator),
          width.denominator ** 2n,
        ),
        steps: [
          `With width $w$ the half perimeter is $${k! + 1}w + ${a} = ${p! / 2}$.`,
          `So $w = ${latex(width)}$ and the length is $${k}w + ${a}$.`,
          `The area, width times length, is $<answer>$.`,
        ],
      }
    },
  },
  {
    texts: [
      'What is the area of the triangle with vertices $(0, 0)$, $(<a>, <b>)$ and $(<c>, <d>)$?',
      'Calculate the area of a triangle in the plane that has its corners at $(0, 0)$, $(<a>, <b>)$ and $(<c>, <d>)$.',
      'Find the area of the triangle whose corners are $(0, 0)$, $(<a>, <b>)$ and $(<c>, <d>)$.',
    ],
    // c < a and b < d keep the corners off one line.
    holes: { a: [20, 80], b: [1, 19], c: [1, 19], d: [20, 75] },
    solve: ({ a, b, c, d }) => ({
      answer: rational(a! * d! - b! * c!, 2),
      steps: [
        `The area is half the absolute value of $${a} \\cdot ${d} - ${b} \\cdot ${c}$.`,
        `The difference is $${a! * d!} - ${b! * c!} = ${a! * d! - b! * c!}$.`,
        `Half of it is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'A right triangle has legs of lengths <a> and <b>. What is the exact length of its hypotenuse?',
      'A rectangle has sides of lengths <a> and <b>. What is the exact length of its diagonal?',
      'What is the exact distance between two ships if one is <a> kilometres due north and the other <b> kilometres due east of the same lighthouse?',
    ],
    holes: { a: [2, 400], b: [3, 390] },
    solve: ({ a, b }) => ({
      answer: squareRoot(a! * a! + b! * b!),
      steps: [
        `By the theorem of Pythagoras the square of the length is $${a! * a!} + ${b! * b!} = ${a! * a! + b! * b!}$.`,
        `Taking the root and simplifying gives $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'A sector of a circle with radius <r> has a central angle of <t> degrees. What is the exact area of the sector?',
      'Find the exact area of a slice of a round cake of radius <r> centimetres if the slice has an angle of <t> degrees.',
    ],
    holes: { r: [3, 300], t: [11, 349] },
    solve: ({ r, t }) => ({
      answer: rational(r! * r! * t!, 360, '\\pi'),
      steps: [
        `The whole circle has area $${r}^2 \\pi = ${r! * r!}\\pi$.`,
        `The sector is $\\frac{${t}}{360} = ${latex(rational(t!, 360))}$ of it.`,
        `Its area is $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'A cone has a base radius of <r> and a height of <h>. What is its exact volume?',
      'Find the exact volume of a paper cone whose base has radius <r> centimetres and whose height is <h> centimetres.',
    ],
    holes: { r: [2, 240], h: [3, 280] },
    solve: ({ r, h }) => ({
      answer: rational(r! * r! * h!, 3, '\\pi'),
      steps: [
        `The base has area $${r! * r!}\\pi$.`,
        `The volume is a third of base times height: $\\frac{1}{3} \\cdot ${r! * r!}\\pi \\cdot ${h}$.`,
        `This equals $<answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'A closed box measures <a> by <b> by <c>. What is its surface area?',
      'How many square centimetres of paper cover a closed box of <a> by <b> by <c> centimetres exactly once?',
    ],
    holes: { a: [2, 90], b: [3, 85], c: [4, 80] },
    solve: ({ a, b, c }) => ({
      answer: rational(2 * (a! * b! + b! * c! + a! * c!)),
      steps: [
        `The three kinds of faces have areas ${a! * b!}, ${b! * c!} and ${a! * c!}.`,
        `Each kind occurs twice, so the surface is $2 \\cdot ${a! * b! + b! * c! + a! * c!} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'At the same moment a pole of height <a> casts a shadow of length <b> and a tower casts a shadow of length <c>. How high is the tower? Give an exact value.',
      '<name> puts up a stick of height <a>, and its shadow has length <b>. A tree nearby has a shadow of length <c>. What is the exact height of the tree?',
    ],
    holes: { name: NAMES, a: [2, 40], b: [3, 45], c: [20, 300] },
    solve: ({ a, b, c }) => ({
      answer: rational(a! * c!, b),
      steps: [
        `The two triangles are similar, so height and shadow keep the ratio $${latex(rational(a!, b))}$.`,
        `The height is $${latex(rational(a!, b))} \\cdot ${c} = <answer>$.`,
      ],
    }),
  },
  {
    texts: [
      'Find the slope of the line through the points $(<a>, <b>)$ and $(<c>, <d>)$.',
      'The line through $(<a>, <b>)$ and $(<c>, <d>)$ is drawn in the plane. What is its slope?',
    ],
    holes: { a: [-40, 40], b: [-50, 50], w: [1, 60], d: [-70, 70] },
    show: ({ a, w }) => ({ c: a! + w! }),
    solve: ({ a, b, c, d }) => ({
      answer: rational(d! - b!, c! - a!),
      steps: [
        `The change in $y$ is $${d} - (${b}) = ${d! - b!}$.`,
        `The change in $x$ is $${c} - (${a}) = ${c! - a!}$.`,
        `The slope is their quotient, $<answer>$.`,
      ],
    }),
  },
]

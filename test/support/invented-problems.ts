// Invented word problems without end, for filling an index: no two of them are near duplicates by design, as their
// numbers differ. Promises: the same texts for the same seed.

import { drawsOf } from './near-copies.ts'

const NOUNS =
  'apples books coins stamps marbles cards tickets bottles boxes pens chairs plates roses shells stones kites'.split(
    ' ',
  )
const NAMES = 'Ada Ben Cleo Dan Eva Finn Gus Hana Ian Jo Kai Lea Max Nia Otto Pia'.split(' ')

/** Returns a source of texts of four sentences. */
export function inventedProblems(seed: number): () => string {
  const draw = drawsOf(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[draw(items.length)]!
  const sentences = [
    () => `${pick(NAMES)} has ${draw(900) + 2} ${pick(NOUNS)} and gives ${draw(90) + 2} of them to ${pick(NAMES)}.`,
    () => `A box holds ${draw(500) + 2} ${pick(NOUNS)}, and ${draw(50) + 2} boxes stand in the hall.`,
    () => `Every day ${pick(NAMES)} buys ${draw(70) + 2} ${pick(NOUNS)} for $${draw(900) + 1}.`,
    () => `Let $f(x) = ${draw(90) + 2}x^2 - ${draw(90) + 2}x + ${draw(900) + 1}$.`,
    () => `Of ${draw(9000) + 10} ${pick(NOUNS)}, $\\frac{${draw(8) + 1}}{${draw(8) + 9}}$ are broken.`,
  ]
  const questions = [
    () => `How many ${pick(NOUNS)} are there in the end?`,
    () => `Find the value of $f(${draw(90)})$.`,
    () => `What is the total price of ${draw(80) + 2} ${pick(NOUNS)}?`,
  ]
  return () => [pick(sentences)(), pick(sentences)(), pick(sentences)(), pick(questions)()].join(' ')
}

/** Templates of which only the numbers vary: every text of one is another problem. */
export const TEMPLATES: readonly ((draw: (below: number) => number) => string)[] = [
  (draw) => `Tom has ${draw(50) + 2} apples and buys ${draw(50) + 2} more. How many apples does he have?`,
  (draw) => `Solve $x^2 - ${draw(30) + 1}x + ${draw(30) + 1} = 0$.`,
  (draw) => `What is $${draw(40) + 2} - ${draw(40) + 2}$?`,
  (draw) => `Find the remainder when $${draw(20) + 2}^{${draw(20) + 2}}$ is divided by ${draw(20) + 2}.`,
  (draw) =>
    `A train goes ${draw(20) + 2} km in ${draw(9) + 2} hours, then ${draw(20) + 2} km in ${draw(9) + 2} hours. What is its average speed?`,
]

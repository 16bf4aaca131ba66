import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { screenConfig } from '../../../processors/screen.ts'
import { createScreenIndex } from '../../../processors/screening/screen-index.ts'
import { EXCHANGED } from '../../../processors/screening/words.ts'
import { problemId } from '../../../schemas/ids.ts'

const RULES = screenConfig.parse({}).duplicates

function collide(left: string, right: string): boolean {
  const index = createScreenIndex(RULES)
  assert.equal(index.admit(problemId('r', 0, 0), left), null)
  return index.admit(problemId('r', 1, 0), right) !== null
}

const AGES = 'Sam is 5 years older than Kim. In 3 years, their ages sum to 31.'
const COINS = 'Alice has twice as many coins as Bob. Together they have 36.'
const BOX = 'A box has 3 red, 4 green and 5 blue balls.'
const RECTANGLE = "A rectangle's length is 3 more than its width. The area is 40."
const TRIANGLE = 'In triangle ABC, AB = 7, BC = 8, CA = 9.'

/** Problems of the same numbers and nearly the same words with two answers. */
const DISTINCT: readonly (readonly [string, string])[] = [
  ['How many numbers below 1000 are divisible by 3 or 5?', 'How many numbers below 1000 are divisible by 3 and 5?'],
  [`${TRIANGLE} Find the inradius.`, `${TRIANGLE} Find the circumradius.`],
  [`${TRIANGLE} Find the median from A.`, `${TRIANGLE} Find the median from B.`],
  ['Find the interior angle of a regular 12-gon.', 'Find the exterior angle of a regular 12-gon.'],
  ['Find the arithmetic mean of 4 and 9.', 'Find the geometric mean of 4 and 9.'],
  [`${RECTANGLE} Find the length.`, `${RECTANGLE} Find the width.`],
  [`${AGES} How old is Sam now?`, `${AGES} How old is Kim now?`],
  [`${COINS} How many coins does Alice have?`, `${COINS} How many coins does Bob have?`],
  [
    'Alice is twice as old as Bob. In 6 years the sum is 48. How old is Alice?',
    'Bob is twice as old as Alice. In 6 years the sum is 48. How old is Alice?',
  ],
  [`${BOX} What is the chance that a ball is red?`, `${BOX} What is the chance that a ball is green?`],
  [
    `${BOX} What is the chance that a ball is red?`,
    'A box has 3 blue, 4 green and 5 red balls. What is the chance that a ball is red?',
  ],
  [
    'A car uses 5 gallons for 150 miles. How many miles per gallon does it get?',
    'A car uses 5 gallons for 150 miles. How many gallons per mile does it use?',
  ],
  [
    'A pool fills at 10 gallons a minute and drains at 4 gallons a minute. How long does it take to fill 300 gallons?',
    'A pool drains at 10 gallons a minute and fills at 4 gallons a minute. How long does it take to drain 300 gallons?',
  ],
  [
    'A car of $20000 loses 10% of its value each year. What is it worth after 3 years?',
    'A car of $20000 gains 10% of its value each year. What is it worth after 3 years?',
  ],
  [
    'A right triangle has legs 6 and 8. What is the length of the hypotenuse?',
    'A right triangle has legs 6 and 8. What is the length of the altitude to the hypotenuse?',
  ],
  [
    'There are 20 boys and 15 girls in a class. How many boys must leave so that the ratio is 1:1?',
    'There are 20 girls and 15 boys in a class. How many girls must leave so that the ratio is 1:1?',
  ],
]

const SAME: readonly (readonly [string, string])[] = [
  [`${AGES} How old is Sam now?`, `${AGES} How old is Sam?`],
  [
    `${AGES} How old is Sam now?`,
    `${AGES} How old is Sam now?`.replaceAll('Sam', 'Xaver').replaceAll('Kim', 'Yolanda'),
  ],
  [`${COINS} How many coins does Alice have?`, `How many coins does Alice have? ${COINS}`],
  [`${BOX} What is the chance that a ball is red?`, `${BOX} What is the chance of a ball that is red?`],
  [`${RECTANGLE} Find the length.`, `${RECTANGLE} Determine its length.`],
]

describe('problems of the same numbers', () => {
  it('have a bit for each word that may not be exchanged', () => {
    assert.ok(EXCHANGED.size <= 64)
    assert.equal(new Set(EXCHANGED.values()).size, EXCHANGED.size)
    assert.ok(Math.max(...EXCHANGED.values()) < 64)
  })

  for (const [left, right] of DISTINCT) {
    it(`are two: ${left} / ${right}`, () => {
      assert.ok(!collide(left, right))
      assert.ok(!collide(right, left))
    })
  }

  for (const [left, right] of SAME) {
    it(`are one: ${left} / ${right}`, () => {
      assert.ok(collide(left, right))
      assert.ok(collide(right, left))
    })
  }
})

// Which tokens of a benchmark problem stand for people: names, pronouns and titles. Fingerprints leave them out, so
// that a problem whose Anna became Omar is still found. What is taken for a name by mistake (a month, a town) costs
// a fingerprint a few of its triples and nothing else.

import { hashOf } from './contamination-spellings.ts'
import { NUMBER, SIGN, WORD, type Words } from './contamination-words.ts'

const PEOPLE = new Set(
  (
    'he she they him her them his hers their theirs himself herself themselves mr mrs ms miss mister sir madam dr ' +
    'hes shes theyre theyve hed shed theyd'
  )
    .split(' ')
    .map(hashOf),
)

/** Words that open sentences: with a capital there, they are no names. */
const OPENERS = new Set(
  (
    'a about according after all also although among an and another any are around as assume assuming at baking based ' +
    'because before below besides between both but by calculate can combined consider compute convert currently define ' +
    'denote determine did do does due during each earlier either eventually evaluate every everyone exactly except ' +
    'express factor finally find first five for four from further given half has have hence here how however if in ' +
    'initially instead it its just last later let like many meanwhile most next no not note nine now of on once one ' +
    'only originally other our out over people positive prove real rectangle round seven several show similarly simplify ' +
    'since six solve some sometimes square still suddenly suppose take ten that the then there these this those three ' +
    'through throughout thus to today together tomorrow triangle two under unfortunately until upon use usually we what ' +
    'when where whereas whether which while who whose why with within without write yesterday you your'
  )
    .split(' ')
    .map(hashOf),
)

/** A capital and small letters after it: Anna, O'Neil, McCoy; no ABC, no x. */
const CAPITALISED = /^\p{Lu}.*\p{Ll}/u

/** Adds the words that this text writes in small letters: with a capital at a sentence's head, they are no names. */
export function collectSmallWords(words: Words, into: Set<number>): void {
  for (let at = 0; at < words.count; at += 1)
    if (words.kinds[at] === WORD && /^\p{Ll}/u.test(tokenAt(words, at))) into.add(words.hashes[at]!)
}

/** 1 for each token that stands for a person. */
export function peopleIn(words: Words, smallWords: ReadonlySet<number>): Uint8Array {
  const named = new Set<number>()
  const people = new Uint8Array(words.count)
  for (let at = 0; at < words.count; at += 1) {
    const hash = words.hashes[at]!
    if (words.kinds[at] === SIGN || !CAPITALISED.test(tokenAt(words, at)) || OPENERS.has(hash)) continue
    // A number with a capital in mid-sentence belongs to a name: Five Flags.
    if (words.kinds[at] === NUMBER && words.openings[at] === 0) people[at] = 1
    if (words.kinds[at] !== WORD) continue
    if (words.openings[at] === 0 || !smallWords.has(hash)) named.add(hash)
  }
  for (let at = 0; at < words.count; at += 1) {
    const hash = words.hashes[at]!
    if (PEOPLE.has(hash) || (named.has(hash) && CAPITALISED.test(tokenAt(words, at)))) people[at] = 1
  }
  return people
}

function tokenAt({ text, starts, ends }: Words, at: number): string {
  return text.slice(starts[at], ends[at])
}

// Tells the language of a problem where there are enough words to tell it by, and says null where there are not.

import { francAll } from 'franc-min'
import { proseOf, wordsOf } from './prose.ts'

/** Words that stand in nearly every English sentence and rarely in another language's. */
const ENGLISH = new Set(
  (
    'the of and is to what how many find if for that with are each which by as an be has have does from at it than this ' +
    'on one two they their his her he she when where there was were will can all between or not let such value number ' +
    'compute calculate determine express given'
  ).split(' '),
)
const ENGLISH_SHARE = 0.18
/** Fewer letters than this tell nothing to a trigram model. */
const LETTERS_FOR_TRIGRAMS = 60
/** How much likelier than English another language must be (franc's scores are relative to its best, 1). */
const ENGLISH_AT_MOST = 0.9

const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  [/\p{Script=Hangul}/gu, 'ko'],
  [/\p{Script=Han}/gu, 'zh'],
  [/\p{Script=Cyrillic}/gu, 'ru'],
  [/\p{Script=Arabic}/gu, 'ar'],
  [/\p{Script=Devanagari}/gu, 'hi'],
  [/\p{Script=Thai}/gu, 'th'],
  [/\p{Script=Hebrew}/gu, 'he'],
]

/** ISO 639-1 code, or the 639-3 code of a language that has no shorter one; null where it cannot be told. */
export function languageOf(text: string): string | null {
  const prose = proseOf(text)
  const letters = prose.match(/\p{L}/gu)?.length ?? 0
  if (!/^[\x00-\x7f]*$/.test(prose)) {
    const scripted = SCRIPTS.map(([script, code]) => ({ code, count: prose.match(script)?.length ?? 0 }))
    const foreign = scripted.reduce((sum, { count }) => sum + count, 0)
    // Japanese mixes kana with Han characters: one kana in five decides.
    const best = scripted[0]!.count * 5 >= foreign ? scripted[0]! : scripted.toSorted((a, b) => b.count - a.count)[0]!
    if (foreign >= 4 && foreign * 2 > letters) return refined(best.code, prose)
  }
  const words = wordsOf(prose)
  if (words.length === 0) return null
  const english = words.filter((word) => ENGLISH.has(word)).length
  if (words.length >= 3 && english / words.length >= ENGLISH_SHARE) return 'en'
  if (letters < LETTERS_FOR_TRIGRAMS) return null
  const ranked = francAll(words.join(' '))
  const [best] = ranked
  const asEnglish = ranked.find(([code]) => code === 'eng')?.[1] ?? 0
  if (best === undefined || best[0] === 'und') return null
  if (best[0] === 'eng' || asEnglish > ENGLISH_AT_MOST) return 'en'
  return shortCode(best[0])
}

/** Cyrillic and Arabic write many languages: the trigrams decide where there is enough text. */
function refined(code: string, prose: string): string {
  if (code !== 'ru' && code !== 'ar') return code
  const found = francAll(prose, { minLength: LETTERS_FOR_TRIGRAMS })[0]?.[0] ?? 'und'
  return found === 'und' ? code : shortCode(found)
}

/** ISO 639-3 to 639-1, by the platform's own table. */
function shortCode(code: string): string {
  return new Intl.Locale(code).language
}

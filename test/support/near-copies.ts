// Near copies of a problem, as crawls and models make them: the same question with other words, order or dress.
// Promises: the same copy for the same text and number; the numbers, the operators and what is asked stay.

/** Draws whole numbers below a bound, the same for the same seed (mulberry32). */
export type Draw = (below: number) => number

/** Returns a source of draws. */
export function drawsOf(seed: number): Draw {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const SYNONYMS: Readonly<Record<string, string>> = {
  find: 'determine',
  calculate: 'compute',
  determine: 'find',
  compute: 'calculate',
  evaluate: 'compute',
  total: 'overall',
  altogether: 'in all',
  buys: 'purchases',
  bought: 'purchased',
  gets: 'receives',
  makes: 'produces',
  needs: 'requires',
  wants: 'wishes',
  begins: 'starts',
  starts: 'begins',
  began: 'started',
  started: 'began',
  big: 'large',
  small: 'little',
  biggest: 'largest',
  largest: 'greatest',
  maximum: 'largest',
  minimum: 'smallest',
  every: 'each',
  each: 'every',
  also: 'too',
  gives: 'hands',
  gave: 'handed',
  house: 'home',
  kids: 'children',
  children: 'kids',
  friends: 'mates',
  store: 'shop',
  shop: 'store',
  car: 'automobile',
  picture: 'image',
  denote: 'be',
  such: 'so',
  suppose: 'assume',
  satisfies: 'fulfils',
  satisfying: 'fulfilling',
  while: 'whereas',
  until: 'till',
  if: 'when',
}

const NAMES = 'Xaver Yolanda Zeno Wilma Quentin Ulrike Vasco Thora Sigrid Rurik Petra Oskar'.split(' ')
const DIGIT_WORDS = 'two three four five six seven eight nine ten eleven twelve'.split(' ')
/** Words that the question hangs on: a copy keeps them. */
const DECISIVE =
  /^(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million|half|twice|thrice|double|triple|dozen|percent|squared?|cubed?|times|increase[sd]?|decrease[sd]?|remainder|average|longer|shorter|older|younger|thirds?|quarters?|more|less|fewer|than|not|no|never|least|most|sum|product|difference|even|odd|prime|positive|negative|first|last|before|after|without|and|or)$/

/** Splits at blanks that stand outside formulas; every second item is the blank. */
const pieces = (text: string): string[] => text.split(/(\s+)(?=(?:[^$]*\$[^$]*\$)*[^$]*$)/)

/** Places of the plain lower-case words. */
function plainWords(parts: readonly string[]): number[] {
  return parts.flatMap((part, at) => (/^[a-z]{2,}$/.test(part) && !DECISIVE.test(part) ? [at] : []))
}

function changeWords(text: string, share: number, draw: Draw, change: (word: string) => string): string {
  const parts = pieces(text)
  const places = plainWords(parts)
  const times = Math.max(1, Math.round(((parts.length + 1) / 2) * share))
  for (let time = 0; time < times && places.length > 0; time += 1) {
    const [at] = places.splice(draw(places.length), 1)
    parts[at!] = change(parts[at!]!)
  }
  return parts.join('').replace(/ {2,}/g, ' ')
}

const sentencesOf = (text: string): string[] => text.split(/(?<=[.?!])\s+(?=[A-Z$\\])/)

/** Every way of copying, by name. */
export const NEAR_COPIES: Readonly<Record<string, (text: string, draw: Draw) => string>> = {
  'blanks and line breaks': (text, draw) =>
    `  ${pieces(text)
      .map((part) => (/^\s+$/.test(part) ? ['  ', '\n', ' ', '\u00a0'][draw(4)]! : part))
      .join('')}\n`,
  'blanks in formulas': (text) =>
    text.replace(/\$(?![\d,.]+ )(?![^$]*[a-z] [a-z])[^$]+\$/g, (formula) =>
      formula.replace(/\s*([-+=<>])\s*/g, ' $1 ').replace(/,/g, ',\\,'),
    ),
  'letter case': (text) => text.toUpperCase().replace(/\\[A-Z]+/g, (command) => command.toLowerCase()),
  'LaTeX style': (text) =>
    text
      .replace(/\\[dt]?frac(?![a-zA-Z])/g, (command) => (command === '\\frac' ? '\\dfrac' : '\\frac'))
      .replace(/\\cdot(?![a-zA-Z])/g, '\\times')
      .replace(/\\leq?(?![a-zA-Z])/g, '\\leqslant')
      .replace(/\\geq?(?![a-zA-Z])/g, '\\geqslant')
      .replace(/\^(\w)/g, '^{$1}')
      .replace(/_(\w)/g, '_{$1}')
      .replace(/(?<!\\)\$([^$]+)\$/g, '\\($1\\)'),
  'numbers in dollars': (text) => (text.includes('$') ? text : text.replace(/\d[\d,.]*\d|\d/g, '$$$&$$')),
  'plain signs for LaTeX': (text) =>
    text
      .replace(/\\[dt]?frac\{(\w+)\}\{(\w+)\}/g, '$1/$2')
      .replace(/\^\{?\\circ\}?/g, '°')
      .replace(/\\leq?(?![a-zA-Z])/g, '≤')
      .replace(/\\geq?(?![a-zA-Z])/g, '≥')
      .replace(/\\cdot(?![a-zA-Z])/g, '·')
      .replace(/\\pi(?![a-zA-Z])/g, 'π')
      .replace(/\\(?:left|right)(?![a-zA-Z])/g, '')
      .replace(/(?<!\\)\$/g, ''),
  'digits for words and back': (text, draw) =>
    text
      .replace(/(?<![\d.,$\\{}/^-])\b([2-9])\b(?![\d.,$\\{}/%^-])/g, (digit) =>
        draw(2) === 0 ? DIGIT_WORDS[Number(digit) - 2]! : digit,
      )
      .replace(/\bpercent\b|(?<=\d)%/g, (sign) => (sign === '%' ? ' percent' : '%')),
  'neighbours exchanged': (text, draw) => {
    const parts = pieces(text)
    for (let time = 0; time < 2; time += 1) {
      const pairs = plainWords(parts).filter((at) => /^[a-z]+$/.test(parts[at + 2] ?? ''))
      if (pairs.length === 0) return parts.join('')
      const at = pairs[draw(pairs.length)]!
      ;[parts[at], parts[at + 2]] = [parts[at + 2]!, parts[at]!]
    }
    return parts.join('')
  },
  'sentences in another order': (text, draw) => {
    const sentences = sentencesOf(text)
    for (let at = sentences.length - 1; at > 0; at -= 1) {
      const other = draw(at + 1)
      ;[sentences[at], sentences[other]] = [sentences[other]!, sentences[at]!]
    }
    return sentences.join(' ')
  },
  'clauses in another order': (text) =>
    sentencesOf(text)
      .map((sentence) => {
        const found = /^([^,$]+), ([^,$]+)([.?!])$/.exec(sentence)
        return found === null ? sentence : `${found[2]!}, ${found[1]!}${found[3]!}`
      })
      .join(' '),
  'one word in fifteen replaced': (text, draw) =>
    changeWords(text, 1 / 15, draw, () => ['thing', 'stuff', 'place', 'really'][draw(4)]!),
  'one word in fifteen left out': (text, draw) => changeWords(text, 1 / 15, draw, () => ''),
  'articles changed': (text) =>
    text.replace(/\b(the|a|an)\b(?=\s[a-z])/g, (article) => (article === 'the' ? 'a' : 'the')),
  synonyms: (text) =>
    text.replace(/(?<![\\$A-Za-z])[A-Za-z]+/g, (word) => {
      const other = SYNONYMS[word.toLowerCase()]
      if (other === undefined) return word
      return /^[A-Z]/.test(word) ? other.charAt(0).toUpperCase() + other.slice(1) : other
    }),
  'people renamed': (text, draw) => {
    const found = new Set(
      [...text.matchAll(/(?<=[a-z,] )[A-Z][a-z]{2,}/g)]
        .map(([name]) => name)
        .filter((name) => !/^(?:Mr|Mrs|Ms|Dr|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)$/.test(name)),
    )
    let copy = text
    const from = draw(NAMES.length)
    for (const [at, name] of [...found].entries())
      copy = copy.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), NAMES[(from + at) % NAMES.length]!)
    return copy
  },
  'a polite frame': (text) => `Please solve this: ${text} Give the answer as a number.`,
}

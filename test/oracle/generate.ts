// Pairs of answers whose truth is known because they are made from it: for each kind a maker writes one value in two ways, or
// two values that differ. Promises: the same seed gives the same pairs, half of them the same answers, half different ones.

import { numberMakers } from './generate-numbers.ts'
import { structureMakers } from './generate-structures.ts'
import { seededRandom, type Random } from './random.ts'

export interface GeneratedPair {
  readonly kind: string
  readonly gold: string
  readonly pred: string
  /** The truth. */
  readonly same: boolean
}

/** Writes a pair of the same or of different answers, LaTeX without delimiters or plain text. */
export type Maker = (random: Random, same: boolean) => readonly [gold: Written, pred: Written]

/** latex: needs delimiters. */
export interface Written {
  readonly text: string
  readonly latex: boolean
}

export function latex(text: string): Written {
  return { text, latex: true }
}
export function plain(text: string): Written {
  return { text, latex: false }
}

const makers: readonly (readonly [kind: string, maker: Maker])[] = [
  ...Object.entries(numberMakers),
  ...Object.entries(structureMakers),
]

/** What changes no meaning: the size of fractions, growing brackets, spaces, another word for a sign. */
function restyled(random: Random, text: string): string {
  const styles: readonly ((text: string) => string)[] = [
    (whole) => whole,
    (whole) => whole.replaceAll('\\frac', random.pick(['\\dfrac', '\\tfrac'])),
    (whole) => whole.replaceAll('\\le ', '\\leq ').replaceAll('\\ge ', '\\geq '),
    (whole) => whole.replace(/^\(([^()[\]]*)\)$/, '\\left($1\\right)'),
    (whole) => whole.replace(/([=<>+])/g, ' $1 '),
    (whole) => `\\displaystyle ${whole}`,
  ]
  return random.pick(styles)(text)
}

/** The answer as a reference or a model gives it: between delimiters, boxed, or at the end of a sentence. */
function presented(random: Random, { text, latex: isLatex }: Written, sentence: boolean): string {
  if (!isLatex) return sentence && random.chance() ? `The answer is ${text}.` : text
  const styled = restyled(random, text)
  const forms = [`$${styled}$`, `$${styled}$`, `\\(${styled}\\)`, `$\\boxed{${styled}}$`]
  if (sentence) forms.push(`Therefore, the answer is $${styled}$.`, `So we get\n\\[\\boxed{${styled}}\\]`)
  return random.pick(forms)
}

/** `count` pairs, the kinds in turn. */
export function generatePairs(count: number, seed: number): readonly GeneratedPair[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const [kind, maker] = makers[index % makers.length]!
    const same = Math.floor(index / makers.length) % 2 === 0
    const [gold, pred] = maker(random, same)
    return { kind, gold: presented(random, gold, false), pred: presented(random, pred, true), same }
  })
}

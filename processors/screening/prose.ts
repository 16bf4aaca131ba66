// The words of a problem without its mathematics: what language and repetition are judged by.

const MATHEMATICS = [
  /\[asy\][\s\S]*?(?:\[\/asy\]|$)/g,
  /\$\$[\s\S]*?\$\$/g,
  /\$[^$\n]{0,400}\$/g,
  /\\\[[\s\S]*?\\\]/g,
  /\\\([\s\S]*?\\\)/g,
  /\\begin\{(\w+\*?)\}[\s\S]*?\\end\{\1\}/g,
  /\\[a-zA-Z]+/g,
]

/** The text with formulas, drawings and LaTeX commands replaced by blanks. */
export function proseOf(text: string): string {
  return MATHEMATICS.reduce((rest, formula) => rest.replace(formula, ' '), text)
}

/** Words of two letters or more, lower-case. */
export function wordsOf(prose: string): string[] {
  return prose.toLowerCase().match(/\p{L}[\p{L}'’]+/gu) ?? []
}

// Finds the mathematics in a text: what is boxed, and what stands between dollars, \( \) and \[ \]. Linear in the text.

/** Half-open ranges of the text. inner: what is inside; start, end: with its delimiters. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly inner: string
}

/** An answer is never longer; a box or a pair of dollars that is, is taken for unclosed. */
export const maximumAnswer = 4_000

/** The command of a box, with the space behind it. */
export const boxCommand = /\\(?:f|b|frame)?box(?:ed)?(?![A-Za-z])\s*/g

/** For each opening brace the place of the brace that closes it. */
function matchBraces(text: string): Map<number, number> {
  const closing = new Map<number, number>()
  const open: number[] = []
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 92) {
      // A backslash hides the brace behind it, unless it is itself behind one.
      if (text.charCodeAt(index + 1) === 123 || text.charCodeAt(index + 1) === 125 || text.charCodeAt(index + 1) === 92)
        index += 1
    } else if (code === 123) open.push(index)
    else if (code === 125) {
      const start = open.pop()
      if (start !== undefined) closing.set(start, index)
    }
  }
  return closing
}

/** Every \boxed, \fbox, \bbox and \framebox, outermost only, in the order of the text. */
export function findBoxes(text: string): readonly Span[] {
  if (!text.includes('box')) return []
  const closing = matchBraces(text)
  const boxes: Span[] = []
  let from = 0
  for (const match of text.matchAll(boxCommand)) {
    if (match.index < from) continue
    const at = match.index + match[0].length
    if (text[at] === '{') {
      const close = closing.get(at)
      if (close !== undefined && close - at <= maximumAnswer) {
        boxes.push({ start: match.index, end: close + 1, inner: text.slice(at + 1, close) })
        from = close + 1
      } else {
        // Never closed: up to the end of the formula or of the line.
        const rest = text.slice(at + 1, at + 400)
        const stop = rest.search(/\$|\\\)|\\\]|\n/)
        const inner = stop < 0 ? rest : rest.slice(0, stop)
        boxes.push({ start: match.index, end: at + 1 + inner.length, inner })
        from = at + 1
      }
    } else {
      // Without braces: \boxed 5, \boxed\frac{1}{2}.
      const word = /^(?:\\[A-Za-z]+(?:\{[^{}]*\})*|[^\s$\\{}])+/.exec(text.slice(at, at + 60))?.[0]
      if (word !== undefined) boxes.push({ start: match.index, end: at + word.length, inner: word })
    }
  }
  return boxes
}

/** A dollar before a sum of money, as opposed to one that opens a formula: "$10 and $20". */
function isMoney(inner: string): boolean {
  return /^\d[\d,.]*\s+[A-Za-z]{2,}/.test(inner) && !/[\\=^_{}]/.test(inner)
}

/** Every formula in the order of the text; formulas do not nest. */
export function findFormulas(text: string): readonly Span[] {
  const formulas: Span[] = []
  const delimiter = /\\\[|\\\(|\\\]|\\\)|\\\$|\$\$|\$/g
  const marks = [...text.matchAll(delimiter)]
  for (let index = 0; index < marks.length; index += 1) {
    const open = marks[index]
    if (open === undefined || open[0] === '\\$' || open[0] === '\\)' || open[0] === '\\]') continue
    const wanted = open[0] === '\\[' ? '\\]' : open[0] === '\\(' ? '\\)' : open[0]
    const at = open.index + open[0].length
    for (let next = index + 1; next < marks.length && next < index + 40; next += 1) {
      const close = marks[next]
      if (close === undefined || close.index - at > maximumAnswer) break
      // A row break with its height (\\[2pt]) looks like an opening bracket: only the same kind closes.
      if (close[0] !== wanted) {
        if (wanted === '$' && close[0] === '$$') break
        continue
      }
      const inner = text.slice(at, close.index)
      if (open[0] === '$' && isMoney(inner)) break
      if (inner.trim() !== '') formulas.push({ start: open.index, end: close.index + close[0].length, inner })
      index = next
      break
    }
  }
  return formulas
}

// Files that are not UTF-8. Promises: their lines are told, for read as UTF-8 their letters would silently be others.

import { isUtf8 } from 'node:buffer'

export const NOT_UTF8 = 'not UTF-8; save the file as UTF-8 (iconv does it, as: iconv -f latin1 -t utf-8 OLD > NEW)'

const NEW_LINE = 0x0a

/** Numbers of the lines, from 1, that are not UTF-8. No character of UTF-8 has a line feed among its bytes. */
export function linesNotUtf8(bytes: Buffer): number[] {
  const numbers: number[] = []
  if (isUtf8(bytes)) return numbers
  let from = 0
  for (let number = 1; from <= bytes.length; number += 1) {
    const found = bytes.indexOf(NEW_LINE, from)
    const end = found === -1 ? bytes.length : found
    if (!isUtf8(bytes.subarray(from, end))) numbers.push(number)
    from = end + 1
  }
  return numbers
}

// Texts as a person can read them: line ends, tabs, blanks at the end and control characters have signs of their own.

const SIGNS: Readonly<Record<string, string>> = { '\n': '␊', '\t': '␉', '\r': '␍' }

/** On one line, every character visible. */
export function visible(text: string): string {
  return text
    .replace(/[\n\t\r]/g, (sign) => SIGNS[sign] ?? sign)
    .replace(/[\u0000-\u001f]/g, (sign) => String.fromCodePoint(0x2400 + sign.codePointAt(0)!))
    .replace(
      /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
      (sign) => `\\u${sign.codePointAt(0)!.toString(16).padStart(4, '0')}`,
    )
    .replace(/ +(?=␊|$)/g, (blanks) => '·'.repeat(blanks.length))
}

/** As visible, with a line end after each line's sign. */
export function visibleLines(text: string): string {
  return visible(text).replaceAll('␊', '␊\n')
}

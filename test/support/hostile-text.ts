// What a model, a server or a file may say to harm who looks at it: for tests of everything that shows text of others.

/** Characters that a terminal obeys, or that turn or hide text; line ends and tabs are not among them. */
export const OBEYED = /(?![\n\t])[\p{Cc}\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/u

export const HOSTILE: readonly string[] = [
  '\u001b[2J\u001b[H the screen is gone',
  '\u001b]0;another title\u0007',
  '\u001b]52;c;cm0gLXJmIH4=\u0007 in the clipboard',
  '\u001b]8;;https://evil.example\u001b\\a link\u001b]8;;\u001b\\',
  '\u009b31m eight bits',
  'over\rwritten',
  'a\bb\u007f',
  '\u202egnp.exe',
  'zero\u200bwidth\ufeff',
  'null\u0000byte',
  'line\u2028separator',
  '=HYPERLINK("https://evil.example";"x")',
  '<script>alert(1)</script>',
  '{"level":60,"msg":"a line of its own"}\n{"level":60}',
]

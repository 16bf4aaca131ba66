// A string of ClickHouse's SQL, for statements and settings that take no parameters.

/** The text in quotes; nothing in it ends them. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

// Amounts that are written alike in every language.

/** US dollars: cents from one dollar on, two significant digits below. */
export function dollars(value: number): string {
  const digits = value === 0 || value >= 1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(value)))
  return `$${value.toLocaleString('en-US', { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })}`
}

/** Hours, two digits behind the point at most. */
export function hours(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

// Which texts ClickHouse reads as another number than the one that was written: it wraps whole numbers (300 as UInt8 is
// 44), makes infinity of floats that are too large and nothing of those that are too small, and cuts decimals.

/** name: as `UInt8`; null where it is no whole-number type, too. */
export function wholeFault(name: string, value: string): string | null {
  const { unsigned, bits } = /^(?<unsigned>U?)Int(?<bits>8|16|32|64|128|256)$/.exec(name)?.groups ?? {}
  if (bits === undefined) return null
  const [least, most] =
    unsigned === 'U'
      ? [0n, 2n ** BigInt(bits) - 1n]
      : [-(2n ** BigInt(Number(bits) - 1)), 2n ** BigInt(Number(bits) - 1) - 1n]
  if (!/^-?\d+$/.test(value))
    return `${value === '' ? 'an empty text' : value} is no whole number (${least} to ${most})`
  return BigInt(value) < least || BigInt(value) > most ? `${value} is not within ${least} to ${most}` : null
}

/** Rounding to the nearest is what floats are for. */
export function floatFault(name: 'Float32' | 'Float64', value: string): string | null {
  if (!/^[-+]?[\d.]/.test(value)) return null
  const number = name === 'Float32' ? Math.fround(Number(value)) : Number(value)
  const most = name === 'Float32' ? '3.4e38' : '1.8e308'
  if (Math.abs(number) === Infinity) return `${value} is not within -${most} to ${most}`
  return number === 0 && /^[^e]*[1-9]/i.test(value) ? `${value} is too near to 0 for a ${name}` : null
}

export function decimalFault(scale: number, value: string): string | null {
  return placesOf(value) > scale ? `${value} has more than ${scale} digits behind the point` : null
}

/** Digits behind the point that are not 0 at the end, as 2 of `1.230` and of `12.3e-1`; 0 of what is no such number. */
export function placesOf(value: string): number {
  const {
    whole = '',
    behind = '',
    exponent = '0',
  } = /^[-+]?(?<whole>\d*)\.?(?<behind>\d*)(?:e(?<exponent>[-+]?\d+))?$/i.exec(value)?.groups ?? {}
  const digits = (whole + behind).replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? 0 : behind.length - Number(exponent) - (digits.length - kept.length)
}

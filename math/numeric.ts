// Complex arithmetic in doubles, as far as final answers need it.

export interface Complex {
  readonly re: number
  readonly im: number
}

export function complex(re: number, im = 0): Complex {
  return { re, im }
}

export const notANumber = complex(NaN, NaN)

export function isFinite(value: Complex): boolean {
  return Number.isFinite(value.re) && Number.isFinite(value.im)
}

export function magnitude(value: Complex): number {
  return Math.hypot(value.re, value.im)
}

/** Real up to rounding. */
export function isReal(value: Complex): boolean {
  return Math.abs(value.im) <= 1e-12 * Math.max(1, Math.abs(value.re))
}

export function plus(left: Complex, right: Complex): Complex {
  return complex(left.re + right.re, left.im + right.im)
}

export function minus(left: Complex, right: Complex): Complex {
  return complex(left.re - right.re, left.im - right.im)
}

export function times(left: Complex, right: Complex): Complex {
  if (left.im === 0 && right.im === 0) return complex(left.re * right.re)
  return complex(left.re * right.re - left.im * right.im, left.re * right.im + left.im * right.re)
}

export function over(left: Complex, right: Complex): Complex {
  if (right.im === 0) return right.re === 0 ? notANumber : complex(left.re / right.re, left.im / right.re)
  const size = right.re * right.re + right.im * right.im
  return complex((left.re * right.re + left.im * right.im) / size, (left.im * right.re - left.re * right.im) / size)
}

export function logarithm(value: Complex): Complex {
  if (value.im === 0 && value.re > 0) return complex(Math.log(value.re))
  return complex(Math.log(magnitude(value)), Math.atan2(value.im, value.re))
}

export function exponential(value: Complex): Complex {
  const size = Math.exp(value.re)
  if (value.im === 0) return complex(size)
  return complex(size * Math.cos(value.im), size * Math.sin(value.im))
}

/** The principal value; real for real positive bases, whole exponents and square roots. */
export function raise(base: Complex, exponent: Complex): Complex {
  if (exponent.im === 0 && Number.isInteger(exponent.re) && Math.abs(exponent.re) <= 1024) {
    if (base.im === 0) return base.re === 0 && exponent.re < 0 ? notANumber : complex(base.re ** exponent.re)
    let result = complex(1)
    let factor = base
    for (let count = Math.abs(exponent.re); count > 0; count = Math.floor(count / 2)) {
      if (count % 2 === 1) result = times(result, factor)
      factor = times(factor, factor)
    }
    return exponent.re < 0 ? over(complex(1), result) : result
  }
  if (base.re === 0 && base.im === 0) return exponent.re > 0 ? complex(0) : notANumber
  if (base.im === 0 && exponent.im === 0) {
    if (base.re > 0) return complex(base.re ** exponent.re)
    if (exponent.re === 0.5) return complex(0, Math.sqrt(-base.re))
  }
  return exponential(times(logarithm(base), exponent))
}

/** sine and cosine of a complex number. */
export function sine(value: Complex): Complex {
  if (value.im === 0) return complex(Math.sin(value.re))
  return complex(Math.sin(value.re) * Math.cosh(value.im), Math.cos(value.re) * Math.sinh(value.im))
}

export function cosine(value: Complex): Complex {
  if (value.im === 0) return complex(Math.cos(value.re))
  return complex(Math.cos(value.re) * Math.cosh(value.im), -Math.sin(value.re) * Math.sinh(value.im))
}

// One condition of a person's SQL, which is put into brackets of ours and must stay within them.

import { Failure, UsageFault } from '../../schemas/failure.ts'
import { tokenise } from './tokens.ts'

/** Throws UsageFault for what is no condition of --where: it would reach outside of its brackets. */
export function assertCondition(where: string): void {
  let depth = 0
  try {
    for (const { kind, value } of tokenise(where)) {
      if (kind !== 'symbol') continue
      if (value === '(') depth += 1
      if (value === ')') depth -= 1
      if (depth < 0 || value === ';') throw new UsageFault('--where: it is not one condition: brackets or ; do not fit')
    }
  } catch (error) {
    throw error instanceof Failure ? new UsageFault(`--where: ${error.message}`) : error
  }
  if (depth !== 0 || where.trim() === '') throw new UsageFault('--where: it is not one condition: brackets do not fit')
}

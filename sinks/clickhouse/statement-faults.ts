// Which errors say that the statement itself is wrong: whoever wrote it must change it, and no server, wait or login would
// help. Promise: what is not listed here is a fault of the server, of the way there, of its data or of its limits, for
// which the same statement may be right. Each is known by ClickHouse's number (ErrorCodes.cpp), never by its words.

import { Failure } from '../../schemas/failure.ts'

const ABOUT_STATEMENTS = {
  'it is not SQL, or SQL that no reader may write (164: only reading)': [
    37, 62, 78, 80, 164, 167, 168, 183, 211, 223, 229, 358, 392,
  ],
  'a name that is not there, is there twice, or stands for itself': [
    8, 16, 46, 47, 50, 60, 63, 73, 81, 115, 174, 179, 206, 207, 352, 390, 418, 432, 582, 636, 701, 703,
  ],
  'a function that is called as it cannot be, or that is not for readers': [
    1, 2, 12, 34, 35, 36, 42, 43, 44, 48, 69, 127, 128, 129, 131, 133, 134, 135, 153, 190, 309, 344, 353, 395, 427, 446,
    474, 527, 721,
  ],
  'types that do not fit together': [20, 53, 59, 70, 122, 124, 125, 258, 321, 349, 377, 378, 386, 407, 455, 596],
  'a text or a parameter that is no value of the type that is asked for': [
    6, 25, 26, 27, 38, 41, 72, 117, 130, 376, 441, 456, 457, 467, 563, 632, 675, 676, 691,
  ],
  'clauses that do not go together': [
    52, 121, 141, 162, 181, 182, 184, 215, 264, 284, 288, 306, 403, 406, 417, 440, 475, 476, 498, 544, 545, 557, 558,
    628,
  ],
} as const

const CODES: ReadonlySet<string> = new Set([
  'sql-refused',
  ...Object.values(ABOUT_STATEMENTS)
    .flat()
    .map((number) => `clickhouse-${number}`),
])

/** What is wrong with the statement; null for an error that another statement would not mend. */
export function statementFault(error: unknown): string | null {
  return error instanceof Failure && CODES.has(error.code) ? error.message : null
}

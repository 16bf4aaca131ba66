// Why a text could not be read as mathematics.

/** Thrown by the tokeniser and the parser only; every caller in math/ turns it into a verdict. */
export class ParseFault extends Error {
  override readonly name = 'ParseFault'
}

/** The text nests deeper than is read: whatever else it could be read as, it is not that. */
export class NestingFault extends ParseFault {}

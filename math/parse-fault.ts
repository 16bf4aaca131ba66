// Why a text could not be read as mathematics.

/** Thrown by the tokeniser and the parser only; every caller in math/ turns it into a verdict. */
export class ParseFault extends Error {
  override readonly name = 'ParseFault'
}

// What a thrown error answers: may this be tried again? Everything that talks to the outside throws a
// Failure; whoever catches reads `retry` and nothing else. Any other error is a bug.

/** permanent: the same call can never succeed. transient: it may, later or elsewhere. */
export type Retry = 'permanent' | 'transient'

/** An error whose cause is known. `code` is kebab-case and stable: it is counted, filtered and shown. */
export class Failure extends Error {
  readonly retry: Retry
  readonly code: string

  constructor(retry: Retry, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
    this.retry = retry
    this.code = code
  }
}

/** A fault of the one who called: wrong option, wrong config, unreadable file. Ends the command with exit code 2. */
export class UsageFault extends Error {
  /** Every fault that was found, each a full sentence with its place. */
  readonly faults: string[]

  constructor(faults: string | string[]) {
    const list = typeof faults === 'string' ? [faults] : faults
    super(list.join('\n'))
    this.name = 'UsageFault'
    this.faults = list
  }
}

/** Returns a permanent Failure. */
export function permanent(code: string, message: string, options?: ErrorOptions): Failure {
  return new Failure('permanent', code, message, options)
}

/** Returns a transient Failure. */
export function transient(code: string, message: string, options?: ErrorOptions): Failure {
  return new Failure('transient', code, message, options)
}

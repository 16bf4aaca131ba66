// The logger that every floor may call. cli/logger.ts makes it with pino; tests pass a silent one.
// House rule: the object first, then a constant message; never a prompt, a completion or a key above debug.

/** Writes one structured line. */
export type LogLine = (fields: Record<string, unknown>, message: string) => void

export interface Logger {
  debug: LogLine
  info: LogLine
  warn: LogLine
  error: LogLine
  /** A logger that adds these fields to each line. */
  child(fields: Record<string, unknown>): Logger
}

const nothing: LogLine = () => undefined

/** Drops every line. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
}

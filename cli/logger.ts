// The only door to pino: structured JSON lines into a file under the state folder, never on the terminal.

import { dirname } from 'node:path'
import { pino } from 'pino'
import type { Logger as Pino } from 'pino'
import type { Logger } from '../schemas/logger.ts'
import { harmlessJson } from '../schemas/terminal-text.ts'
import { openLogFile } from './log-file.ts'
import { redactorOf } from './secrets.ts'
import { makeFolder } from '../schemas/make-folder.ts'

/** Fields whose values never reach a log, at any depth that we write. */
const SECRET_FIELDS = ['key', 'apiKey', 'password', 'passphrase', 'token', 'authorization', 'secret']

export interface FileLogger {
  readonly logger: Logger
  readonly file: string
  /** Writes what is buffered; call before the process ends. */
  readonly flush: () => Promise<void>
}

/** Opens (appends to) a log file, for its owner alone. MAGPIE_LOG_LEVEL sets the level (info). redact: see secrets.ts. */
export function createFileLogger(file: string, redact = redactorOf(process.env)): FileLogger {
  makeFolder(dirname(file), 0o700)
  const destination = openLogFile(file, (text) => process.stderr.write(text))
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  const level = process.env['MAGPIE_LOG_LEVEL'] ?? 'info'
  const options = {
    level,
    redact: { paths, censor: '[redacted]' },
    base: { pid: process.pid },
    hooks: { streamWrite: (line: string) => harmlessJson(redact(line)) },
  }
  const logger = wrap(pino(options, destination))
  return {
    logger,
    file,
    flush: () => destination.flush(),
  }
}

function wrap(inner: Pino): Logger {
  return {
    debug: (fields, message) => {
      inner.debug(fields, message)
    },
    info: (fields, message) => {
      inner.info(fields, message)
    },
    warn: (fields, message) => {
      inner.warn(fields, message)
    },
    error: (fields, message) => {
      inner.error(fields, message)
    },
    child: (fields) => wrap(inner.child(fields)),
  }
}

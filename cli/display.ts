// Where a run's progress goes: a live block on a terminal, plain lines elsewhere. Lines that are said stay above
// the block. Promises: nothing is written after close(); no control character gets to the terminal but our own colours.

import { createLogUpdate } from 'log-update'
import { paintedOnly } from '../schemas/terminal-text.ts'

export interface Display {
  /** A line that stays. */
  say(line: string): void
  /** What is going on now: `block` replaces the last one on a terminal, `line` is printed now and then elsewhere. */
  show(view: { block: () => string; line: () => string }): void
  /** A step of setting up that comes many times (a download); it replaces the last one on a terminal. */
  step(line: string): void
  /** Leaves the last block where it is (or not) and ends. */
  close(options?: { keep: boolean }): void
}

/** Between two plain lines, milliseconds. */
const LINE_MS = 10_000
/** Between two steps without a terminal, milliseconds. */
const STEP_MS = 5000

/** Writes to a stream (standard error, so that standard output stays for results). */
export function createDisplay(stream: NodeJS.WriteStream, now: () => number): Display {
  return stream.isTTY ? liveDisplay(stream) : plainDisplay(stream, now)
}

function liveDisplay(stream: NodeJS.WriteStream): Display {
  const update = createLogUpdate(stream)
  let block = ''
  let isClosed = false
  const render = (text: string): void => {
    if (isClosed) return
    block = paintedOnly(text)
    update(block)
  }
  return {
    say(line) {
      if (isClosed) return
      update.clear()
      stream.write(`${paintedOnly(line)}\n`)
      if (block !== '') update(block)
    },
    show: ({ block: text }) => {
      render(text())
    },
    step: render,
    close({ keep } = { keep: true }) {
      if (isClosed) return
      isClosed = true
      if (keep) update.done()
      else {
        update.clear()
        update.done()
      }
    },
  }
}

function plainDisplay(stream: NodeJS.WriteStream, now: () => number): Display {
  let lineAt = -Infinity
  let stepAt = -Infinity
  let isClosed = false
  const say = (line: string): void => {
    if (!isClosed) stream.write(`${paintedOnly(line)}\n`)
  }
  return {
    say,
    show({ line }) {
      if (now() - lineAt < LINE_MS) return
      lineAt = now()
      say(line())
    },
    step(line) {
      if (now() - stepAt < STEP_MS) return
      stepAt = now()
      say(line)
    },
    close() {
      isClosed = true
    },
  }
}

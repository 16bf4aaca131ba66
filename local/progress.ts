// What the starting of a local service tells while it works, as values: whoever shows it finds the words.

export type LocalProgress =
  /** Files are fetched into the user's cache: done and total in the unit (total null: not known yet). */
  | {
      service: LocalService
      step: 'download'
      what: string
      done: number
      total: number | null
      unit: 'bytes' | 'files'
    }
  | { service: LocalService; step: 'install'; what: string }
  | { service: LocalService; step: 'format' }
  | { service: LocalService; step: 'start' }
  /** Another command is just starting the same service. */
  | { service: LocalService; step: 'wait'; pid: number }
  /** It runs, and has not answered for some seconds. */
  | { service: 'kafka'; step: 'silent'; port: number; pid: number }
  /** The port of the last start is taken by somebody else. */
  | { service: LocalService; step: 'move'; from: number; to: number }
  | { service: LocalService; step: 'ready'; port: number; pid: number; attached: boolean }

export type LocalService = 'kafka' | 'model'

export type OnLocalProgress = (progress: LocalProgress) => void

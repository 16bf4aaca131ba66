// Brokers that do not answer: refused, unreachable, or frozen (they take connections and say nothing), which kafkajs finds
// out in minutes and then tells without the address. Promises: whoever waits hears within seconds which address is silent;
// the Failure that ends the waiting says the same, and what to do.

import { transient, UsageFault } from '../schemas/failure.ts'
import type { Failure } from '../schemas/failure.ts'
import { pauseFor } from './back-off.ts'
import type { KafkaAddress } from './config.ts'
import { greetKafka } from './kafka-greeting.ts'

/** Told once for each silence. where: the brokers; why: as far as the network says. */
export type OnSilence = (where: string, why: string) => void

export interface Silence {
  /** Before the first connection: a broker that is just starting is waited for. Throws UsageFault, Failure. */
  untilOpen(): Promise<void>
  /** Before a later one: a broker that starts again is waited for. Throws Failure. */
  untilBack(): Promise<void>
  /** Throws Failure where no broker answers now. */
  assertOpen(): Promise<void>
  /** Waits for an answer of the brokers, as long as one of them is there. Throws Failure, and what the question throws. */
  whileOpen<Answer>(question: Promise<Answer>): Promise<Answer>
}

/** Milliseconds. */
const TIMES = {
  /** Longest wait at the start. */
  start: 10_000,
  /** Longest wait for one that was there. */
  back: 5000,
  /** Before somebody is told. */
  word: 2000,
  /** Between two tries at the start. */
  pause: 500,
  /** A question that has waited so long for its answer is looked after, and again so much later. */
  look: 10_000,
  /** Longest wait for a greeting. */
  patience: 5000,
}

/** Looks, one after the other, of which all must find nobody before a question is given up. */
const LOOKS = 2

/** Looks after the brokers of one connection. */
export function createSilence(
  address: Pick<KafkaAddress, 'brokers' | 'ssl' | 'sasl'>,
  onSilence: OnSilence = () => undefined,
  times: typeof TIMES = TIMES,
): Silence {
  const where = address.brokers.join(', ')
  const failure = (why: string): Failure =>
    transient(
      'kafka-unavailable',
      `Kafka at ${where} does not answer (${why}): look whether it runs there and is not stopped; another address is given by kafka.brokers in the config or by KAFKA_BROKERS`,
    )
  let isTold = false
  const tell = (why: string): void => {
    if (!isTold) onSilence(where, why)
    isTold = true
  }
  /** Null: somebody is there, in whatever way; else why nobody is. */
  const look = async (): Promise<string | null> => {
    try {
      const why = await greetKafka(address, times.patience)
      isTold &&= why !== null
      return why
    } catch (error) {
      if (error instanceof UsageFault) return null
      throw error
    }
  }
  const until = async (ask: () => Promise<string | null>, milliseconds: number): Promise<void> => {
    const late = AbortSignal.timeout(milliseconds)
    let why: string | null = 'no word from it yet'
    const word = setTimeout(() => {
      tell(why ?? '')
    }, times.word)
    try {
      do why = await ask()
      while (why !== null && (await pauseFor(times.pause, late)))
    } finally {
      clearTimeout(word)
    }
    if (why !== null) throw failure(why)
  }
  return {
    untilOpen: () => until(() => greetKafka(address, times.patience), times.start),
    untilBack: () => until(look, times.back),
    async assertOpen() {
      const why = await look()
      if (why !== null) throw failure(why)
    },
    async whileOpen(question) {
      const answered = new AbortController()
      const watch = async (): Promise<never> => {
        for (let silent = 0; await pauseFor(times.look, answered.signal);) {
          const why = await look()
          if (answered.signal.aborted) break
          silent = why === null ? 0 : silent + 1
          if (why !== null) tell(why)
          if (why !== null && silent === LOOKS) throw failure(why)
        }
        return await new Promise<never>(() => undefined)
      }
      try {
        return await Promise.race([question, watch()])
      } finally {
        answered.abort()
      }
    },
  }
}

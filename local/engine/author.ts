// Whoever makes the texts behind a text engine: inventions or a recording.

/** Who decides what is written. The same arguments give the same text, also in another process. */
export interface Author {
  /** The rest of a problem that begins with `opener` (empty: the whole problem). */
  problem(seed: number, opener: string): string
  /** What is said to this question (the user's message; a problem with an instruction around it). */
  answer(question: string, seed: number): string
  /** Raw reward of an answer to a question. */
  reward(question: string, answer: string): number
  /** For each step of an answer how much speaks for it (a logit); steps after a wrong one are low too. */
  steps(question: string, steps: readonly string[]): number[]
}

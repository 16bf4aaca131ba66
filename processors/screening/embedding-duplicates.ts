// Near duplicates by embeddings: asks for the vectors of problems, keeps those of accepted ones, finds the likest.
// Promises: a text that the model cannot take is a recorded fact, and is compared by its words alone; faults for one
// problem after the other stop loudly; vectors of another model are never compared with.

import type { EmbedderConfig } from '../../llm/config.ts'
import type { Llm } from '../../llm/contract.ts'
import { permanent } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import type { Screened, TextEmbedding } from '../../schemas/records.ts'
import { createEmbeddingIndex, type Likest } from './embedding-index.ts'
import { embeddingVersion } from './embedding-settings.ts'
import { essenceOf } from './essence.ts'
import { packedNumbers, packVector } from './packed-vector.ts'

/** In the models' queue: after tags, before new problems. */
const RANK = 3.5
/** So many problems in a row may be refused a vector for other reasons than their length. */
const IN_A_ROW = 8

export interface EmbeddingDuplicates {
  /** Asks for the vector of a problem's text. Throws what Llm.embed throws, and a permanent `embedder-unusable`. */
  embed(text: string, signal: AbortSignal): Promise<TextEmbedding>
  /** The likest accepted problem that this one repeats; null for one that is in already (a redelivery). */
  find(id: string, text: string, embedding: TextEmbedding): Likest | null
  /** Takes an accepted problem in. */
  admit(id: string, text: string, embedding: TextEmbedding): void
  /** Forgets everything; what it had to leave out since the last time is told. */
  begin(): void
  /** Takes in an accepted problem from the log, where its vector is comparable. */
  recall(record: Screened): void
  /** Says how many vectors were left out. */
  recalled(): void
}

export interface EmbeddingParts {
  readonly llm: Pick<Llm, 'embed'>
  readonly embedder: EmbedderConfig
  readonly rules: { readonly similarity: number; readonly numbersMatter: boolean }
  readonly log: Logger
}

/** Starts empty. */
export function createEmbeddingDuplicates({ llm, embedder, rules, log }: EmbeddingParts): EmbeddingDuplicates {
  const version = embeddingVersion(embedder)
  const fingerprint = (text: string): number => (rules.numbersMatter ? essenceOf(text) : 0)
  let index = createEmbeddingIndex(rules.similarity)
  let leftOut = 0
  let refused = 0

  return {
    async embed(text, signal) {
      const { vector, detail, ...embedding } = await llm.embed(text, { rank: RANK, signal })
      if (vector !== null) refused = 0
      else if (embedding.error !== 'context-too-long') {
        refused += 1
        if (refused >= IN_A_ROW) {
          const last = `${embedding.error ?? 'no vector'}${detail === null ? '' : ` (${detail})`}`
          const text = `the embedding model gave no vector for ${refused} problems in a row; the last: ${last}; correct stages.screen.embeddings or its server and start the run again`
          throw permanent('embedder-unusable', text)
        }
      }
      return { ...embedding, version, vector: vector === null ? null : packVector(vector) }
    },
    find(id, text, { vector }) {
      if (vector === null || index.has(id)) return null
      return index.find(packedNumbers(vector), fingerprint(text))
    },
    admit(id, text, { vector }) {
      if (vector !== null) index.add(id, packedNumbers(vector), fingerprint(text))
    },
    begin() {
      index = createEmbeddingIndex(rules.similarity)
      leftOut = 0
    },
    recall({ id, screening: { text, embedding } }) {
      if (embedding !== null && embedding.version !== version) leftOut += 1
      else if (embedding?.vector != null && !index.takes(packedNumbers(embedding.vector))) leftOut += 1
      else if (embedding !== null) this.admit(id, text, embedding)
    },
    recalled() {
      if (leftOut === 0) return
      log.warn(
        { leftOut, compared: index.size, version },
        'accepted problems have vectors of another embedding model; they are not compared by them',
      )
    },
  }
}

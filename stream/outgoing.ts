// A message on its way to the broker, and the headers that every message of the pipeline carries.

/** Names of the headers. */
export const RUN_HEADER = 'magpie.run'
export const REVISION_HEADER = 'magpie.revision'
/** Of which record a message came: `topic/partition/offset`. */
export const FROM_HEADER = 'magpie.from'
/** The stage that sent it. */
export const STAGE_HEADER = 'magpie.stage'
/** Which of how many messages of that record, as `1/3`; absent where it is the only one. */
export const PART_HEADER = 'magpie.part'
/** How often this record has been given to its stage, this time included; absent: 1. Above 1: it was redriven. */
export const ATTEMPT_HEADER = 'magpie.attempt'
/** Place `partition/offset` of the dead letter that a redriven record was. */
export const REDRIVEN_FROM_HEADER = 'magpie.redriven-from'
/** The only stage or sink that is to take a redriven record: other readers of the topic had it before. */
export const REDRIVEN_TO_HEADER = 'magpie.redriven-to'
/** Whose stage or sink that is, since revisions may read one topic; absent: of main. */
export const REDRIVEN_REVISION_HEADER = 'magpie.redriven-revision'
/** SHA-256, hex, of the config of the process that sent it (topic `starts` has the config). */
export const CONFIG_HEADER = 'magpie.config'

/** Of which dump a message was loaded, and its offset where it came from: `DUMP/OFFSET`. Nothing that comes of it has it. */
export const LOADED_HEADER = 'magpie.loaded'

export type HeaderValue = string | Buffer | (string | Buffer)[]

export interface Outgoing {
  /** Name on the broker (see topicFor). */
  readonly topic: string
  /** The problem id; null only where a dead letter had none. Decides the partition unless that is said. */
  readonly key: string | Buffer | null
  readonly partition?: number
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, HeaderValue | undefined>>
  /** Milliseconds since 1970 UTC; only where an older time must stay (dead letters), else now. */
  readonly timestamp?: number
}

/** To which run and revision a message belongs. */
export interface Stamp {
  readonly runId: string
  readonly revision: string
}

/** Adds the run and revision headers. Everything that is sent goes through here. */
export function stamp(message: Outgoing, { runId, revision }: Stamp): Outgoing {
  return { ...message, headers: { ...message.headers, [RUN_HEADER]: runId, [REVISION_HEADER]: revision } }
}

/** What a message came of. */
export interface Origin extends Stamp {
  readonly stage: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Adds to all messages that came of one record where they come from, besides the run and revision. */
export function stampOrigin(messages: readonly Outgoing[], origin: Origin): Outgoing[] {
  const { stage, topic, partition, offset } = origin
  const from = `${topic}/${partition}/${offset}`
  return messages.map((message, index) => {
    // A dead letter comes with the headers of its record, which may have been one of several itself.
    const hasPart = messages.length > 1 || message.headers?.[PART_HEADER] !== undefined
    const part = hasPart ? { [PART_HEADER]: `${index + 1}/${messages.length}` } : {}
    const headers = { ...message.headers, [FROM_HEADER]: from, [STAGE_HEADER]: stage, ...part }
    return stamp({ ...message, headers }, origin)
  })
}

/** One header as text (UTF-8); the first value where it was given many times; null if it is absent or has no value. */
export function headerText(headers: Readonly<Record<string, HeaderValue | undefined>>, name: string): string | null {
  const value = headers[name]
  // kafkajs's types leave out that others may write a header without a value.
  const first = (Array.isArray(value) ? value[0] : value) as string | Buffer | null | undefined
  return first?.toString() ?? null
}

/** The record's attempt, 1 where the header is absent or no whole number. */
export function attemptOf(headers: Readonly<Record<string, HeaderValue | undefined>>): number {
  const attempt = Number(headerText(headers, ATTEMPT_HEADER) ?? 1)
  return Number.isSafeInteger(attempt) && attempt >= 1 ? attempt : 1
}

/**
 * Is the record of this run (one without a run is of every run), and for this stage or sink? A redriven one is for one
 * reader of its topic alone.
 */
export function isMeantFor(
  { part, runId, revision }: Stamp & { readonly part: string },
  headers: Readonly<Record<string, HeaderValue | undefined>>,
): boolean {
  return (headerText(headers, RUN_HEADER) ?? runId) === runId && isForReader({ part, revision }, headers)
}

/** Who reads a topic; part null: a reader that no record can be redriven to. */
export interface TopicReader {
  readonly part: string | null
  readonly revision: string
}

/** A redriven record is for one reader of its topic alone. */
export function isForReader(
  { part, revision }: TopicReader,
  headers: Readonly<Record<string, HeaderValue | undefined>>,
): boolean {
  const to = headerText(headers, REDRIVEN_TO_HEADER)
  return to === null || (to === part && (headerText(headers, REDRIVEN_REVISION_HEADER) ?? 'main') === revision)
}

/** Was the record sent on its way again, and for this reader? */
export function isRedrivenTo(reader: TopicReader, headers: Readonly<Record<string, HeaderValue | undefined>>): boolean {
  return headerText(headers, REDRIVEN_TO_HEADER) !== null && isForReader(reader, headers)
}

/** Bytes that a message takes on the wire before compression, a little more than less. */
export function sizeOf(message: Outgoing): number {
  let bytes = 64 + (message.value?.length ?? 0) + byteLength(message.key)
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) bytes += 8 + name.length + byteLength(each ?? null)
  }
  return bytes
}

function byteLength(text: string | Buffer | null): number {
  return text === null ? 0 : Buffer.byteLength(text)
}

// How topics are kept: what the config and the list of topics want, as the broker's settings, and what of it would take
// away records that a run needs whatever the retention is.

import { z } from 'zod'
import { MAX_RECORD_BYTES, TOPICS } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'

/** Largest message of a topic, bytes after compression: the largest record, and room for headers, key and framing. */
export const MAX_MESSAGE_BYTES = MAX_RECORD_BYTES + 256 * 1024
/** The topic dead-letters takes the largest message of any other one with what a letter adds to it. */
export const MAX_DEAD_LETTER_BYTES = MAX_MESSAGE_BYTES + 256 * 1024

/** What becomes of old records, as the broker calls it. */
const CLEANUPS = ['delete', 'compact', 'compact,delete'] as const

export const topicConfig = z.strictObject({
  partitions: z.int().positive().optional().describe('Partitions of a new topic; an existing one keeps its own.'),
  retentionMs: z
    .int()
    .min(-1)
    .optional()
    .describe('How long records are kept, milliseconds; -1: for ever. Left out: for ever; 30 days for calls.'),
  retentionBytes: z.int().min(-1).optional().describe('Bytes that a partition keeps, about; -1: all. Left out: all.'),
  cleanup: z
    .enum(CLEANUPS)
    .optional()
    .describe('delete: whole until its retention; compact: the newest record of each key. Left out: as it is made.'),
  compression: z
    .enum(['producer', 'zstd', 'lz4', 'snappy', 'gzip', 'uncompressed'])
    .optional()
    .describe("How the broker stores it; producer: as it was sent (zstd). Left out: the broker's default."),
  segmentBytes: z
    .int()
    .min(1024 * 1024)
    .optional()
    .describe('Bytes of a file of the log; only full files are deleted or compacted.'),
  segmentMs: z.int().positive().optional().describe('Milliseconds after which a file counts as full.'),
})

/** What the config says of one topic. */
export type TopicConfig = z.infer<typeof topicConfig>

/** Why a topic cannot be cleaned up like this; null: it can. */
export function cleanupFault(name: TopicName, cleanup: TopicConfig['cleanup']): string | null {
  if (cleanup === undefined) return null
  if (!TOPICS[name].compacted && cleanup !== 'delete')
    return `${name} cannot be compacted: a problem has several records there under one key, and all but the newest would be lost`
  if (TOPICS[name].compacted && cleanup === 'delete')
    return `${name} is kept by key: without compaction it grows for ever, or forgets runs that go on; give compact, or compact,delete with a retention`
  return null
}

/**
 * Of the journal: what is written is taken away soon, so small segments are cleaned often, and a partition holds little
 * more than two of them. What runs leave behind that nobody goes on with is deleted in the end.
 */
const JOURNAL_SETTINGS = {
  'cleanup.policy': 'compact,delete',
  'segment.bytes': 2 * MAX_MESSAGE_BYTES,
  'segment.ms': 60 * 60 * 1000,
  'min.cleanable.dirty.ratio': 0.1,
  'delete.retention.ms': 10 * 60 * 1000,
}
const JOURNAL_RETENTION_MS = 30 * 24 * 60 * 60 * 1000

/** The broker's settings that a topic is made with. */
export function settingsOf(name: TopicName, own: TopicConfig = {}): Record<string, string> {
  const wanted = {
    'max.message.bytes': name === 'dead-letters' ? MAX_DEAD_LETTER_BYTES : MAX_MESSAGE_BYTES,
    'retention.ms': own.retentionMs ?? (name === 'calls' ? JOURNAL_RETENTION_MS : -1),
    'cleanup.policy': TOPICS[name].compacted ? 'compact' : 'delete',
    ...(name === 'calls' ? JOURNAL_SETTINGS : {}),
    ...given('retention.bytes', own.retentionBytes),
    ...given('cleanup.policy', own.cleanup),
    ...given('compression.type', own.compression),
    ...given('segment.bytes', own.segmentBytes),
    ...given('segment.ms', own.segmentMs),
  }
  return Object.fromEntries(Object.entries(wanted).map(([setting, value]) => [setting, String(value)]))
}

/**
 * The settings of an existing topic that matter: how long it keeps records, and whatever the config says of it. What
 * an operator has set besides is theirs.
 */
export function comparedSettings(name: TopicName, own: TopicConfig = {}): Record<string, string> {
  const all = settingsOf(name, own)
  const compared = new Set(['retention.ms', 'cleanup.policy', 'retention.bytes'])
  if (own.compression !== undefined) compared.add('compression.type')
  if (own.segmentBytes !== undefined) compared.add('segment.bytes')
  if (own.segmentMs !== undefined) compared.add('segment.ms')
  const keeps = { 'retention.bytes': '-1', ...all }
  return Object.fromEntries(Object.entries(keeps).filter(([setting]) => compared.has(setting)))
}

/** Does this change let records go that stay now? */
export function keepsLess(setting: string, has: string, wants: string): boolean {
  const amount = (text: string): number => (Number(text) < 0 ? Infinity : Number(text))
  if (setting === 'retention.ms' || setting === 'retention.bytes') return amount(wants) < amount(has)
  return setting === 'cleanup.policy' && wants.includes('delete') && !has.includes('delete')
}

function given(setting: string, value: number | string | undefined): Record<string, number | string> {
  return value === undefined ? {} : { [setting]: value }
}

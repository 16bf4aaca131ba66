// Is our prefix the server's own? Its rendering of a chat, token by token, against the tokens of our text.

import { SENTINEL } from '../chat-template.ts'
import { visible } from '../visible.ts'
import type { Remark } from './finding.ts'

export interface PrefixLook {
  /** Name of the template, for advice. */
  readonly template: string
  /** Ids of our text: prefix, sentinel, opening of the answer. */
  readonly ours: readonly number[]
  /** Ids of the server's rendering of the same chat. */
  readonly theirs: readonly number[]
  readonly ourText: string
  readonly theirText: string
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*'
const DATE = new RegExp(String.raw`\d{4}-\d{2}-\d{2}|\d{1,2} ${MONTH} \d{4}|${MONTH} \d{1,2}, \d{4}`, 'g')

/** No remark where all tokens agree. */
export function checkPrefix(look: PrefixLook): Remark[] {
  const { template, ours, theirs, ourText, theirText } = look
  if (ours.length === theirs.length && ours.every((id, index) => id === theirs[index])) return []
  if (ourText === theirText)
    return [
      remark(
        'error',
        `the same text as the server's, but other tokens (${ours.length} against ${theirs.length})`,
        'the server does not read control tokens in raw prompts as tokens; use one that does (vLLM does)',
      ),
    ]
  const [ourPrefix = '', ourSuffix = ''] = ourText.split(SENTINEL)
  const [prefix, suffix, ...more] = theirText.split(SENTINEL)
  if (prefix === undefined || suffix === undefined || more.length > 0)
    return [
      remark(
        'warning',
        "the server's chat template changes the user's words, so the prefixes cannot be compared",
        'look at what the server makes of a chat with ./magpie models show and its /tokenize',
      ),
    ]
  const own = `give the model's own chat template as chatTemplate of the role, or correct the entry ${template} of configs/model_configs.json`
  if (prefix !== ourPrefix) {
    if (undated(prefix) === undated(ourPrefix))
      return [
        remark(
          'note',
          `the server writes another date into the prefix than ours, which is fixed: ${difference(ourPrefix, prefix)}`,
          '',
        ),
      ]
    const first = firstToken(ourPrefix, prefix)
    return [remark('error', first ?? `the prefix is another than the server's: ${difference(ourPrefix, prefix)}`, own)]
  }
  if (suffix !== ourSuffix)
    return [
      remark(
        'note',
        `the server opens answers in another way than the template ${template} says: ${difference(ourSuffix, suffix)}; problems are not touched by it`,
        '',
      ),
    ]
  return [
    remark(
      'warning',
      `the texts agree, but not what the tokens stand for: ${ours.length} tokens against the server's ${theirs.length}`,
      own,
    ),
  ]
}

/** A rendering that begins with something before all that the other one has: a BOS that one of them lacks. */
function firstToken(ours: string, theirs: string): string | null {
  if (theirs.length > ours.length && theirs.endsWith(ours))
    return `the server's rendering begins with ${visible(theirs.slice(0, theirs.length - ours.length))}, our prefix does not`
  if (ours.length > theirs.length && ours.endsWith(theirs))
    return `our prefix begins with ${visible(ours.slice(0, ours.length - theirs.length))}, the server's rendering does not`
  return null
}

/** Around the first difference. */
function difference(ours: string, theirs: string): string {
  let at = 0
  while (at < ours.length && ours[at] === theirs[at]) at += 1
  const part = (text: string): string => {
    const from = Math.max(0, at - 20)
    const shown = visible(text.slice(from, at + 40))
    return `"${from > 0 ? '…' : ''}${shown}${text.length > at + 40 ? '…' : ''}"`
  }
  return `ours ${part(ours)}, the server's ${part(theirs)}`
}

function undated(text: string): string {
  return text.replace(DATE, 'DATE')
}

function remark(severity: Remark['severity'], seen: string, advice: string): Remark {
  return { severity, check: 'prefix', seen, advice }
}

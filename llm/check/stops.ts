// Do the stops of raw prompts end a turn at this server, and nothing else?

import { findControlTokens } from '../control-tokens.ts'
import { visible } from '../visible.ts'
import type { Remark } from './finding.ts'

export interface StopsLook {
  /** Stop strings that are sent, and the ids of each there. */
  readonly strings: ReadonlyMap<string, readonly number[]>
  /** Stop ids that are sent, and the text of each there; empty: the server knows no such token. */
  readonly ids: ReadonlyMap<number, string>
  /** Stop strings beyond the four that servers take. */
  readonly dropped: readonly string[]
}

/** No remark where every string is one token and every id is a control token. */
export function checkStops({ strings, ids, dropped }: StopsLook): Remark[] {
  const remarks: Remark[] = []
  const say = (severity: Remark['severity'], seen: string, advice: string): void => {
    remarks.push({ severity, check: 'stops', seen, advice })
  }
  let ends = 0
  for (const [id, text] of ids) {
    if (text === '')
      say(
        'warning',
        `the stop id ${id} is no token there`,
        'see that the server serves the model that the template is for',
      )
    else if (strings.has(text) || findControlTokens(text).length > 0) ends += 1
    else
      say(
        'error',
        `the stop id ${id} is ${JSON.stringify(text)} there, so every problem would be cut at it`,
        "the template is for another model: name the right one in template, or give the model's own as chatTemplate",
      )
  }
  for (const [text, tokens] of strings) {
    if (tokens.length === 1) ends += 1
    // Plain words and [INST] are no tokens in many vocabularies: as text they stop all the same.
    else if (text.startsWith('<'))
      say(
        'warning',
        `the stop ${visible(text)} is no single token there but ${tokens.length}`,
        'harmless where another stop ends the turn; else see that the server serves the model that the template is for',
      )
    else ends += 1
  }
  if (ends === 0)
    say(
      'error',
      'none of the stops is a token there, so no problem would end',
      "name the model's template, or give its own as chatTemplate",
    )
  if (dropped.length > 0)
    say('note', `servers take four stop strings; these are not sent: ${dropped.map(visible).join(', ')}`, '')
  return remarks
}

// Does the model see the token that begins a sequence once?

import type { Remark } from './finding.ts'

export interface BosLook {
  /** Ids of the prompt with add_special_tokens false, as we send it. */
  readonly bare: readonly number[]
  /** Ids with add_special_tokens true, the server's default for raw prompts. */
  readonly marked: readonly number[]
  /** Tokens of the prompt that a completion counted; null: not told. */
  readonly counted: number | null
}

/** No remark where the server adds nothing and counts what we count. */
export function checkBos({ bare, marked, counted }: BosLook): Remark[] {
  const remarks: Remark[] = []
  const added = marked.length - bare.length
  const bos = added > 0 ? marked[0] : undefined
  if (bos !== undefined && bare[0] === bos && bare[1] === bos)
    remarks.push({
      severity: 'error',
      check: 'bos',
      seen: `our prefix spells the token that begins a sequence (${bos}) twice`,
      advice: 'take one of them out of the template',
    })
  if (counted !== null && counted !== bare.length) {
    const doubled = bos !== undefined && counted === bare.length + added
    remarks.push({
      severity: doubled && bare[0] !== bos ? 'warning' : 'error',
      check: 'bos',
      seen: doubled
        ? `the server put a token of its own (${bos}) before a raw prompt, though add_special_tokens false was sent`
        : `a completion counted ${counted} tokens of a prompt of ${bare.length}`,
      advice:
        'use a server that obeys add_special_tokens on /v1/completions, or turn the addition off in its tokenizer (add_bos_token false)',
    })
  } else if (bos !== undefined && bare[0] === bos) {
    remarks.push({
      severity: 'note',
      check: 'bos',
      seen: `the server would put a second token ${bos} before raw prompts; we send add_special_tokens false, so there is one`,
      advice: '',
    })
  }
  return remarks
}

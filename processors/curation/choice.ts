// What a choosing rule returns: what it chose, or the named reason why nothing could be chosen.

export type Choice<Chosen> = { readonly chosen: Chosen } | { readonly refusal: Refusal }

export interface Refusal {
  /** kebab-case; counted and shown. */
  readonly reason: string
  /** What was seen, with numbers. */
  readonly detail: string
}

/** Returns a refusal. */
export function refuse(reason: string, detail: string): { readonly refusal: Refusal } {
  return { refusal: { reason, detail } }
}

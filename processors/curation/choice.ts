// What choosing returns: what was chosen, or the named reason why nothing could be; and in both cases what each rule
// took out on the way.

export type Choice<Chosen> = ({ readonly chosen: Chosen } | { readonly refusal: Refusal }) & {
  /** How many responses each rule took out, by its reason. */
  readonly dropped: Readonly<Record<string, number>>
}

export interface Refusal {
  /** kebab-case; counted and shown. */
  readonly reason: string
  /** What was seen, with numbers. */
  readonly detail: string
}

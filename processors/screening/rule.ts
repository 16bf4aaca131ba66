// What a rule of screening is: its name, what it says, and the texts that it must refuse and pass. One test runs the
// examples of every rule (test/processors/screening/rules.test.ts).

import type { RuleSettings } from './rule-settings.ts'

/** What the rules look at. */
export interface Facts {
  /** The cleaned text. */
  readonly text: string
  /** Why the model stopped; null for imported problems. */
  readonly finishReason: string | null
  readonly language: string | null
  readonly limits: RuleSettings
}

export interface Rule {
  /** Names the rejection. */
  readonly reason: string
  /** The setting that turns it off or moves it; null where it always holds. */
  readonly setting: keyof RuleSettings | null
  /** What is seen where the rule refuses; null where it does not. */
  readonly detail: (facts: Facts) => string | null
  /** Texts in English, with the settings' defaults unless the rule is off there. */
  readonly examples: { readonly refuses: readonly string[]; readonly passes: readonly string[] }
}

/** `begins: "Sure, here…"`, at most 80 characters of the text. */
export function seen(what: string, text: string): string {
  return `${what}: ${JSON.stringify(text.slice(0, 80))}`
}

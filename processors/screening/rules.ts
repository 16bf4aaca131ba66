// The rules that refuse a cleaned problem, in order: the first that holds names the rejection. Each looks at one
// text alone; duplicates are the index's work.

import { KIND_RULES } from './kind-rules.ts'
import { languageOf } from './language.ts'
import type { Facts, Rule } from './rule.ts'
import type { RuleSettings } from './rule-settings.ts'
import { TEXT_RULES } from './text-rules.ts'

export const RULES: readonly Rule[] = [...TEXT_RULES, ...KIND_RULES]

/** The first rule that refuses the cleaned text, or null with the language that was found. */
export function judgeText(
  text: string,
  finishReason: string | null,
  limits: RuleSettings,
): { reason: string; detail: string } | { language: string | null } {
  const language = languageOf(text.slice(0, limits.maxCharacters))
  const facts: Facts = { text, finishReason, language, limits }
  for (const { reason, detail } of RULES) {
    const found = detail(facts)
    if (found !== null) return { reason, detail: found }
  }
  return { language }
}

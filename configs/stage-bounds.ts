// Bounds of stages that are right each for itself and together let nothing through.

import { CATEGORIES, DIFFICULTIES, QUALITIES, SAFETIES } from '../processors/tag-labels.ts'
import type { ConfigFault } from './fault.ts'
import type { Sections } from './schema.ts'

/** Faults of stages that are on and would keep nothing. */
export function closedBounds(sections: Sections): ConfigFault[] {
  return [...closedTags(sections), ...closedConversation(sections)]
}

function closedTags({ stages: { tag } }: Sections): ConfigFault[] {
  if (tag?.enabled !== true) return []
  const { languages, refuse } = tag
  const kinds: [keyof typeof refuse, readonly string[], string][] = [
    ['difficulty', DIFFICULTIES, 'every difficulty'],
    ['quality', QUALITIES, 'every quality'],
    ['category', CATEGORIES, 'every category'],
    ['safety', SAFETIES, 'safe problems as well as unsafe ones'],
  ]
  if (languages !== null) kinds.push(['language', languages, 'every language of stages.tag.languages'])
  return kinds
    .filter(([kind, labels]) => labels.every((label) => (refuse[kind] as readonly string[]).includes(label)))
    .map(([kind, , all]) => ({
      path: ['stages', 'tag', 'refuse', kind],
      text: `refuses ${all}, so no problem would be kept; take one out`,
    }))
}

function closedConversation({ stages: { converse, screen } }: Sections): ConfigFault[] {
  if (converse?.enabled !== true || screen === null || converse.minCharacters <= screen.maxCharacters) return []
  const text = `is above stages.screen.maxCharacters (${screen.maxCharacters}), so no follow-up question would be kept; lower the one or raise the other`
  return [{ path: ['stages', 'converse', 'minCharacters'], text }]
}

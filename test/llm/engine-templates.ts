// Templates of engines under test that are no published models.

import { requireTemplate, type Template } from '../../llm/templates.ts'

/** ChatML as the simulator and the random models write it: no system text of its own. */
export const chatmlWithoutSystem: Template = withoutSystem()

function withoutSystem(): Template {
  const template = requireTemplate('qwen2.5')
  return { ...template, name: 'chatml', system: { ...template.system, rule: 'optional', default: null } }
}

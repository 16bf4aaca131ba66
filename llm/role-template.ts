// The template that a role's raw prompts are made with: the file that its config gives, else the catalogue's entry of
// that name, else the catalogue's entry for its model.

import { UsageFault } from '../schemas/failure.ts'
import { readOwnTemplate } from './own-template.ts'
import { findTemplate, requireTemplate, type Template } from './templates.ts'

/** Of a role's config; chatTemplate is an absolute path here (configs/load.ts sees to it). */
export interface TemplateChoice {
  readonly model: string
  readonly template?: string | undefined
  readonly chatTemplate?: string | undefined
}

/** null: none is given, and none is known for the model. Throws UsageFault for a name or a file that is no good. */
export function roleTemplate(choice: TemplateChoice): Template | null {
  const { model, template, chatTemplate } = choice
  if (chatTemplate !== undefined) return readOwnTemplate(chatTemplate)
  const found = findTemplate(template ?? model)
  if (found === null && template !== undefined)
    throw new UsageFault(`template "${template}" is not in configs/model_configs.json`)
  return found
}

/** As roleTemplate, but throws UsageFault, naming the near ones, where none is known. */
export function requireRoleTemplate(choice: TemplateChoice): Template {
  return roleTemplate(choice) ?? requireTemplate(choice.template ?? choice.model)
}

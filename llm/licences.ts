// Under which licence a model's weights stand, as configs/model_configs.json knows it. Promise: nothing is guessed.

import { findTemplate, fitsModel } from './templates.ts'
import type { Template } from './template-file.ts'

/** As the Hugging Face hub calls it, or the maker's own name of it; null: not known. */
export function licenceOf(model: string, templates?: readonly Template[]): string | null {
  const licences = findTemplate(model, templates)?.licences ?? {}
  return Object.entries(licences).find(([pattern]) => fitsModel(pattern, model))?.[1] ?? null
}

// Under which licences the models of a data set stand, as configs/model_configs.json knows them, and what the front
// matter of a card may say of them. Promise: nothing is guessed; a model that nobody has looked up is named as unknown.

import { licenceOf } from '../../llm/licences.ts'

/** Licences by the hub's own names; others are "other" there, with a name of their own. */
const HUB = new Set([
  ...['apache-2.0', 'mit', 'bsd-3-clause', 'cc0-1.0', 'cc-by-4.0', 'cc-by-sa-4.0', 'cc-by-nc-4.0', 'cc-by-nc-sa-4.0'],
  ...['llama2', 'llama3', 'llama3.1', 'llama3.2', 'llama3.3', 'llama4', 'gemma', 'odc-by', 'other', 'unknown'],
])

/** Fields of the front matter by name. */
export type LicenceFields = Readonly<Record<string, string | readonly string[]>>

/** What the front matter says: the licence that was given, else those of the models; "other" where one is unknown. */
export function licenceFields(given: string | null, models: readonly string[]): LicenceFields {
  if (given !== null) return HUB.has(given) ? { license: given } : { license: 'other', license_name: given }
  const known = [...new Set(models.map((model) => licenceOf(model) ?? 'unknown'))].toSorted()
  if (known.length > 0 && known.every((name) => HUB.has(name) && name !== 'unknown'))
    return { license: known.length === 1 ? known[0]! : known }
  return { license: 'other', license_name: 'licences-of-the-models', license_link: 'README.md#models-and-licences' }
}

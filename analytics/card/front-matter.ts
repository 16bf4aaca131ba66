// The YAML in front of a card, by which the Hugging Face hub and `datasets` know licence, language, splits and columns.

import { harmless } from '../../schemas/terminal-text.ts'
import type { CardParts } from './body.ts'
import { featuresOf } from './features.ts'
import { licenceFields } from './licences.ts'
import { yamlLines } from './yaml.ts'

/** The whole block, its two lines of dashes included. schema: Avro schema of a row. */
export function frontMatter({ manifest, facts, options, title }: CardParts, schema: unknown): string {
  const { files, rows, container, type } = manifest
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const models = [...new Set(facts.drawn.map(({ model }) => model))]
  const splits = [...Map.groupBy(files, ({ split }) => split)].map(([name, of]) => {
    const sum = (what: 'rows' | 'bytes'): number => of.reduce((total, file) => total + file[what], 0)
    return { name, paths: of.map(({ path }) => path), rows: sum('rows'), bytes: sum('bytes') }
  })
  // A Parquet file says it itself.
  const features = container === 'parquet' ? null : featuresOf(schema)
  return [
    '---',
    ...yamlLines({
      pretty_name: title,
      ...licenceFields(options.license, models),
      ...(facts.languages.some(isCode) ? { language: facts.languages.filter(isCode) } : {}),
      task_categories: ['text-generation'],
      size_categories: [sizeCategory(rows)],
      tags: ['synthetic', 'mathematics', 'reasoning', 'magpie', ...TAGS[type], ...models.map(tagOf)],
      ...(container !== 'avro'
        ? {
            configs: [
              {
                config_name: 'default',
                data_files: splits.map(({ name, paths }) => ({ split: name, path: paths })),
              },
            ],
            dataset_info: {
              ...(features === null ? {} : { features }),
              splits: splits.map(({ name, rows: some, bytes: size }) => ({
                name,
                num_bytes: size,
                num_examples: some,
              })),
              download_size: bytes,
              dataset_size: bytes,
            },
          }
        : { viewer: false }),
    }),
    '---',
  ].join('\n')
}

const TAGS = { sft: ['sft'], preference: ['preference', 'dpo'], steps: ['prm'] } as const

function tagOf(model: string): string {
  return `model:${harmless(model)}`.slice(0, 100)
}

/** The hub takes ISO 639 codes alone. */
function isCode(language: string): boolean {
  return /^[a-z]{2,3}$/.test(language)
}

/** As the hub counts: n<1K, 1K<n<10K and so on, in powers of ten. */
export function sizeCategory(rows: number): string {
  const names = ['1K', '10K', '100K', '1M', '10M', '100M', '1B', '10B', '100B', '1T']
  const place = names.findIndex((_, power) => rows < 1000 * 10 ** power)
  if (place === 0) return 'n<1K'
  return place === -1 ? 'n>1T' : `${names[place - 1]!}<n<${names[place]!}`
}

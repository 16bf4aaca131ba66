// Names of data files: what `datasets` takes for splits by itself, or the Magpie pattern of the run's own JSON files.

import { modelInPath, timestampInPath } from '../../sinks/json/names.ts'
import type { Look } from './contract.ts'
import type { Names } from './place.ts'
import type { NameOf } from './splits.ts'

export interface NamesParts {
  readonly look: Look
  readonly hasSplit: boolean
  /** Models that wrote the responses. */
  readonly models: readonly string[]
  /** Milliseconds since 1970 UTC. */
  readonly startedAt: number
}

/** Names of the files of an export. */
export function namesOf({ file }: Pick<Names, 'file'>, { look, hasSplit, models, startedAt }: NamesParts): NameOf {
  return ({ split, rows, place, of }) => {
    if (file !== null) return file
    if (look.format === 'magpie') {
      const model = models.length === 1 ? modelInPath(models[0]!) : 'several-models'
      const side = hasSplit ? `_${split}` : ''
      return `Magpie_${model}_${rows}_${timestampInPath(startedAt)}_${look.type}${side}.json`
    }
    return look.container === 'parquet'
      ? `${split}-${digits(place)}-of-${digits(of)}.parquet`
      : `${split}.${look.container}`
  }
}

const digits = (number: number): string => String(number).padStart(5, '0')

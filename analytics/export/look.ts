// What was asked of an export, made whole: each format's own defaults, and every wish that it cannot meet.

import { extname } from 'node:path'
import { UsageFault } from '../../schemas/failure.ts'
import { CONTAINERS } from './contract.ts'
import type { Container, DataSetType, ExportType, Format, Look, Reasoning, Shape } from './contract.ts'

/** As a person says it; undefined: as the format has it. */
export interface Wish {
  readonly format: Format
  readonly out: string
  readonly type?: DataSetType | undefined
  readonly shape?: Shape | undefined
  readonly reasoning?: Reasoning | undefined
  readonly bare?: boolean | undefined
  readonly reward?: string | undefined
  readonly threshold?: number | undefined
  readonly split?: number | undefined
  readonly license?: string | undefined
  readonly title?: string | undefined
}

/** The container that the ending of a path names; null: the path is a folder. */
export function containerOf(path: string): Container | null {
  return CONTAINERS.find((container) => extname(path) === `.${container}`) ?? null
}

/** What a format can be; the first of each list is what it is when nothing is said. */
interface Possible {
  readonly containers: readonly Container[]
  readonly types: readonly ExportType[]
  readonly reasoning: readonly Reasoning[]
}

const ANY: readonly Container[] = ['jsonl', 'json', 'parquet', 'avro']
const BOTH = ['sft', 'preference'] as const

function possible(format: Format, shape: Shape): Possible {
  switch (format) {
    case 'magpie':
      return { containers: ['json'], types: BOTH, reasoning: ['keep'] }
    case 'jsonl':
    case 'parquet':
    case 'avro':
      return { containers: [format], types: BOTH, reasoning: ['keep'] }
    case 'sharegpt':
      return { containers: ANY, types: ['sft'], reasoning: ['think', 'drop'] }
    case 'messages':
      return { containers: ANY, types: ['sft'], reasoning: ['keep', 'think', 'drop'] }
    case 'dpo':
    case 'kto':
      return {
        containers: ANY,
        types: ['preference'],
        reasoning: shape === 'standard' ? ['think', 'drop'] : ['keep', 'think', 'drop'],
      }
    case 'prm':
      return { containers: ANY, types: ['steps'], reasoning: ['drop'] }
  }
}

type Option = 'reasoning' | 'shape' | 'bare' | 'reward' | 'threshold'

/**
 * Options that are not for every format. Whole rows have the thought in a field of its own, and every other field too;
 * process rewards score the steps of the solution, without the thought.
 */
const HAVING: Readonly<Record<Option, readonly Format[]>> = {
  reasoning: ['sharegpt', 'messages', 'dpo', 'kto'],
  shape: ['dpo', 'kto'],
  bare: ['sharegpt', 'messages', 'dpo', 'kto', 'prm'],
  reward: ['prm'],
  threshold: ['prm'],
}

const OF_FOLDERS = ['split', 'license', 'title'] as const

/** The look of an export. Throws UsageFault with everything that does not go together. */
export function lookOf(wish: Wish): Look {
  const { format, type, bare = false, threshold = 0.5 } = wish
  const shape = wish.shape ?? 'conversational'
  const { containers, types, reasoning } = possible(format, shape)
  const faults: string[] = []
  const ending = containerOf(wish.out)
  if (ending !== null && !containers.includes(ending))
    faults.push(`--out ${wish.out}: format ${format} goes into ${containers.map((each) => `.${each}`).join(', ')}`)
  const isSteps = types[0] === 'steps'
  if (!isSteps && type !== undefined && !types.includes(type))
    faults.push(`--type ${type}: rows of format ${format} are made from --type ${types.join(' or ')}`)
  if (wish.reasoning !== undefined && HAVING.reasoning.includes(format) && !reasoning.includes(wish.reasoning))
    faults.push(
      `--reasoning ${wish.reasoning}: the texts have no field beside them for the thought; possible: ${reasoning.join(', ')}`,
    )
  for (const [option, having] of Object.entries(HAVING) as [Option, readonly Format[]][]) {
    if (wish[option] !== undefined && !having.includes(format))
      faults.push(`--${option} is not for format ${format}; it is for ${having.join(', ')}`)
  }
  if (threshold > 1)
    faults.push(`--threshold ${threshold}: the score of a step is the probability that it is right, 0 to 1`)
  for (const option of OF_FOLDERS) {
    if (wish[option] !== undefined && ending !== null)
      faults.push(`--${option} is for a folder, which has several files and a card; --out ${wish.out} is one file`)
  }
  if (faults.length > 0) throw new UsageFault(faults)
  return {
    ...{ format, shape, bare, threshold },
    container: ending ?? containers[0]!,
    type: isSteps ? 'steps' : (type ?? types[0]!),
    stepsOf: isSteps ? (type ?? null) : null,
    reasoning: wish.reasoning ?? reasoning[0]!,
    reward: wish.reward ?? null,
  }
}

// What a data set card is told and what it says. The export's manifest knows the files; everything else is asked of the
// database.

import type { Report } from '../report/contract.ts'

/** Asks one question about the runs of an export; {runs:Array(String)} and {revision:String} are set. */
export type Select = <Row>(sql: string) => Promise<Row[]>

/** The condition of such a question. */
export const OF_RUNS = 'has({runs:Array(String)}, run_id) AND revision = {revision:String}'

/** A data file of the export. Sizes are bytes. */
export interface CardFile {
  /** Relative to the folder, with `/`. */
  readonly path: string
  readonly split: string
  readonly rows: number
  readonly bytes: number
}

/** The part of an export's manifest that a card is made from; names as they stand in the file, times ISO 8601. */
export interface CardManifest {
  readonly program_version: string
  readonly created_at: string
  readonly format: string
  readonly container: string
  readonly type: 'sft' | 'preference' | 'steps'
  /** Steps only of problems that have a row in this data set; null: of all. */
  readonly steps_of: 'sft' | 'preference' | null
  readonly shape: string
  readonly reasoning: string
  readonly bare: boolean
  readonly files: readonly CardFile[]
  readonly rows: number
  readonly left_out: Readonly<Record<string, number>>
  /** The file of the Avro schema of the rows. */
  readonly schema: { readonly path: string }
  readonly filters: {
    readonly revision: string
    readonly where: string | null
    readonly as_of: string | null
    readonly limit: number | null
    readonly min_tokens: number | null
    readonly max_tokens: number | null
    readonly split: number | null
    readonly reward: string | null
    readonly threshold: number | null
  }
  readonly runs: readonly {
    readonly run: string
    readonly state: string | null
    readonly started_at: string
    readonly rows: number
    readonly config_hashes: readonly string[]
  }[]
  /** Lowest and highest offset of the rows by topic and partition. */
  readonly offsets: Readonly<
    Record<string, Readonly<Record<string, { readonly lowest: number; readonly highest: number }>>>
  >
  /** When the newest row was made: asked for as it stood then, the same rows come. */
  readonly newest_row: string | null
}

/** What a person may say about a data set. */
export interface CardOptions {
  /** As the hub names licences; null: the licences of the models are listed. */
  readonly license: string | null
  /** Heading of the card; null: made of the runs' names. */
  readonly title: string | null
}

/** How a role drew its texts; a role has several when its settings were changed. */
export interface Drawn {
  readonly role: string
  readonly model: string
  readonly template: string | null
  readonly texts: number
  readonly temperature: number | null
  readonly topP: number | null
  readonly topK: number | null
  readonly minP: number | null
  readonly repetitionPenalty: number | null
  readonly maxTokens: number | null
}

/** A reward, judge or tagger by what it was and in which version. */
export interface Scorer {
  readonly name: string
  readonly version: string
  readonly model: string | null
}

/** How verdicts came about: by a reference answer, by the vote, or not at all. */
export interface Grounds {
  readonly against: string
  readonly problems: number
}

/** A bar of a histogram: from low up to high, high not included. */
export interface Bin {
  readonly low: number
  readonly high: number
  readonly series: string
  readonly count: number
}

/** The bars of the plots; empty lists where there is nothing to show. */
export interface PlotData {
  /** By name of the reward; series: verdicts. */
  readonly rewards: ReadonlyMap<string, readonly Bin[]>
  /** Tokens of the responses of the rows; series: chosen, rejected or response. */
  readonly lengths: readonly Bin[]
  /** Mean pass rate by difficulty, problems in it. */
  readonly passRates: readonly { readonly difficulty: string; readonly passRate: number; readonly problems: number }[]
}

/** Everything that the card says beside the manifest. */
export interface CardFacts {
  /** All runs of the export together. */
  readonly counts: CardCounts
  readonly languages: readonly string[]
  readonly drawn: readonly Drawn[]
  readonly scorers: readonly Scorer[]
  readonly versions: readonly { readonly stage: string; readonly version: string }[]
  readonly grounds: readonly Grounds[]
  readonly plots: PlotData
}

/** The counts of a report that a card shows. */
export type CardCounts = Pick<
  Report,
  'funnel' | 'ends' | 'reasons' | 'curation' | 'verdicts' | 'judge' | 'passRate' | 'rewards' | 'tokens'
> & {
  /** US dollars; null where no model has a price. */
  readonly usd: number | null
  /** From start to end, all runs. */
  readonly seconds: number
}

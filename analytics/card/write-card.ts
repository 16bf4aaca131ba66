// Writes the data set card of an export: README.md with its front matter, and the plots beside it in plots/. Promise:
// the same rows give the same bytes but for the time of writing; a card is whole or not there.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reads } from '../report/find-run.ts'
import { count, percent } from '../report/format.ts'
import { cardBody, type Plot } from './body.ts'
import { amountsChart, funnelChart, histogramChart } from './charts.ts'
import type { CardFacts, CardOptions, CardManifest } from './contract.ts'
import { readFacts } from './facts.ts'
import { frontMatter } from './front-matter.ts'

export interface WriteCard {
  readonly database: Reads
  readonly manifest: CardManifest
  /** Where the export lies, its files and the schema among them. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly license?: string | null
  readonly title?: string | null
}

/** Paths of what was written, relative to the folder. Throws what the database or the disk throws. */
export async function writeCard({ database, manifest, folder, signal, ...given }: WriteCard): Promise<string[]> {
  const options: CardOptions = { license: given.license ?? null, title: given.title ?? null }
  const facts = await readFacts(database, manifest)
  const schema: unknown = JSON.parse(await readFile(join(folder, manifest.schema.path), 'utf8'))
  signal.throwIfAborted()
  const plots = plotsOf(facts)
  const title = options.title ?? `${manifest.runs.map(({ run }) => run).join(', ')}: ${manifest.type}`
  const parts = { manifest, facts, options, plots, title }
  const files = [
    ...plots.map(({ path, svg }) => ({ path, text: svg })),
    { path: 'README.md', text: `${frontMatter(parts, schema)}\n\n${cardBody(parts)}` },
  ]
  if (plots.length > 0) await mkdir(join(folder, 'plots'), { recursive: true })
  for (const { path, text } of files) {
    signal.throwIfAborted()
    await writeFile(join(folder, `${path}.part`), text)
    await rename(join(folder, `${path}.part`), join(folder, path))
  }
  return files.map(({ path }) => path)
}

const VERDICTS = ['equal', 'different', 'unknown', 'not verified']

/** The pictures that there is something to show in. */
function plotsOf({ counts, plots }: CardFacts): (Plot & { readonly svg: string })[] {
  const rewards = [...plots.rewards].map(([name, bins], place) => {
    const words = { title: `Reward ${name} by verdict`, below: name, counted: 'responses' }
    const path = `plots/reward-${place + 1}.svg`
    return { path, title: words.title, part: 'rewards' as const, svg: histogramChart(words, bins, VERDICTS) }
  })
  const lengths = {
    title: 'Length of the responses in the rows',
    below: 'tokens; the longest stand in the last bar',
    counted: 'responses',
  }
  const passed = plots.passRates.map(({ difficulty, passRate, problems }) => ({
    name: difficulty,
    value: passRate,
    text: `${percent(passRate)}, ${count(problems)} problems`,
  }))
  const rate = 'Mean pass rate by difficulty'
  return [
    ...(counts.funnel.length === 0
      ? []
      : [
          {
            path: 'plots/funnel.svg',
            title: 'Problems at each step',
            part: 'funnel' as const,
            svg: funnelChart(counts.funnel),
          },
        ]),
    ...rewards,
    ...(plots.lengths.length === 0
      ? []
      : [
          {
            path: 'plots/lengths.svg',
            title: lengths.title,
            part: 'lengths' as const,
            svg: histogramChart(lengths, plots.lengths, ['response', 'chosen', 'rejected']),
          },
        ]),
    ...(passed.length === 0
      ? []
      : [{ path: 'plots/pass-rate.svg', title: rate, part: 'pass-rate' as const, svg: amountsChart(rate, passed, 1) }]),
  ]
}

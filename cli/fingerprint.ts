// magpie fingerprint: a benchmark as hashes, so that screening can refuse problems that repeat it, without its text.

import { basename, extname } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import { shippedBenchmarks } from '../processors/screening/contamination-files.ts'
import {
  BENCHMARK_NAME,
  encodeFingerprint,
  fingerprintProblems,
  type FingerprintEntry,
} from '../processors/screening/contamination-fingerprint.ts'
import { UsageFault } from '../schemas/failure.ts'
import { placeOfOutput, writeWhole } from './output-file.ts'
import { readBenchmark } from './fingerprint-problems.ts'

interface FingerprintOptions {
  readonly name?: string
  readonly out?: string
}

const EXAMPLES = `
FILE has one JSON object a line with the problem in "problem", "question" or "prompt". The fingerprint holds hashes
and no text. Give its path (from the folder of the config) to stages.screen.contamination.benchmarks; refused problems
then name NAME/INDEX, with INDEX from 0 in the order of the file. A link given with --out stays: its target is written.

Examples:
  ./magpie fingerprint minerva.jsonl
  ./magpie fingerprint test.jsonl --name our-exam --out fingerprints/our-exam.json
  ./magpie run -c configs/simulated.yaml \\
    --set "stages.screen.contamination.benchmarks=[gsm8k, $PWD/fingerprints/our-exam.json]"`

/** Adds the command. */
export function addFingerprint(program: Command): void {
  program
    .command('fingerprint')
    .description('hashes of a benchmark, by which screening finds its problems')
    .argument('<file>', 'JSON lines of {"problem": …}')
    .addOption(new Option('--name <name>', "the benchmark's name in refusals; by default that of the file"))
    .addOption(new Option('--out <file>', 'where it is written; by default NAME.fingerprint.json'))
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: FingerprintOptions) => {
      const name = options.name ?? basename(file, extname(file)).toLowerCase()
      if (!BENCHMARK_NAME.test(name))
        throw new UsageFault(
          `the name "${name}" must be small letters, digits, ".", "_" or "-", at most 64; give one with --name`,
        )
      const out = options.out ?? `${name}.fingerprint.json`
      const place = await placeOfOutput(out, file)
      const { problems, source } = await readBenchmark(file)
      const entries = fingerprintProblems(problems)
      const text = encodeFingerprint({ name, source, entries })
      await writeWhole(place, text)
      const short = entries.filter(({ exact }) => exact).length
      const again = repeated(entries)
      const repeats = again === 0 ? '' : `; ${again} of them repeat an earlier one`
      process.stdout.write(
        `${place}: ${problems.length} problems of ${name} (${short} short ones) in ${Math.ceil(text.length / 1024)} KiB${repeats}\n`,
      )
      if (shippedBenchmarks().includes(name))
        process.stderr.write(
          `magpie: a benchmark that comes with Magpie is called ${name} too: no config can name both, and ${name}/0 in a refusal may mean either; another name is given with --name\n`,
        )
    })
}

/** How many entries are the same as one before: screening cannot tell such problems apart. */
function repeated(entries: readonly FingerprintEntry[]): number {
  return entries.length - new Set(entries.map((entry) => JSON.stringify(entry))).size
}

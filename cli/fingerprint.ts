// magpie fingerprint: a benchmark as hashes, so that screening can refuse problems that repeat it, without its text.

import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import {
  BENCHMARK_NAME,
  encodeFingerprint,
  fingerprintProblems,
} from '../processors/screening/contamination-fingerprint.ts'
import { UsageFault } from '../schemas/failure.ts'
import { readBenchmark } from './fingerprint-problems.ts'

interface FingerprintOptions {
  readonly name?: string
  readonly out?: string
}

const EXAMPLES = `
FILE has one JSON object a line with the problem in "problem", "question" or "prompt". The fingerprint holds hashes
and no text. Give its path (from the folder of the config) to stages.screen.contamination.benchmarks; refused problems
then name NAME/INDEX, with INDEX from 0 in the order of the file.

Examples:
  ./magpie fingerprint olympiadbench.jsonl
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
      const { problems, source } = await readBenchmark(file)
      const entries = fingerprintProblems(problems)
      const out = options.out ?? `${name}.fingerprint.json`
      const text = encodeFingerprint({ name, source, entries })
      await writeWhole(out, text)
      const short = entries.filter(({ exact }) => exact).length
      process.stdout.write(
        `${out}: ${problems.length} problems of ${name} (${short} short ones) in ${Math.ceil(text.length / 1024)} KiB\n`,
      )
    })
}

/** Written aside and renamed: no half file ever stands there. */
async function writeWhole(out: string, text: string): Promise<void> {
  const aside = `${out}.${process.pid}.tmp`
  try {
    await writeFile(aside, text)
    await rename(aside, out)
  } catch (error) {
    await rm(aside, { force: true })
    throw new UsageFault(`${out}: cannot be written (${(error as Error).message}); give another place with --out`)
  }
}

// Everything that takes bytes or text from outside, each with a law that no input may break. `fuzz.test.ts` tries a few
// inputs with every test run, `npm run fuzz` as many as one has time for.

import type fc from 'fast-check'
import { avroDecoder } from './avro.ts'
import { config } from './config.ts'
import { httpReplies } from './http.ts'
import { jsonlImport } from './jsonl.ts'
import { reasoning } from './said.ts'
import { chatTemplate } from './templates.ts'

export interface FuzzTarget {
  readonly name: string
  readonly property: fc.IRawProperty<unknown>
  /** Inputs with every test run: about two seconds. */
  readonly runs: number
}

export const TARGETS: readonly FuzzTarget[] = [
  { name: 'avro', property: avroDecoder, runs: 3000 },
  { name: 'config', property: config, runs: 60 },
  { name: 'jsonl', property: jsonlImport, runs: 500 },
  { name: 'reasoning', property: reasoning, runs: 600 },
  { name: 'template', property: chatTemplate, runs: 600 },
  { name: 'http', property: httpReplies, runs: 600 },
]

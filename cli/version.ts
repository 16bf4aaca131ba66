// The version of the program, as package.json has it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export function programVersion(): string {
  const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

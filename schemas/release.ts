// Adds every changed .avsc to registry.json as a new version: `npm run schemas:release`. Released versions are
// never edited; test/schemas/codec.test.ts fails while an .avsc differs from the newest release.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SCHEMA_FOLDER } from './avro-files.ts'
import { readRegistryFile, withUnreleased } from './registry.ts'

const before = readRegistryFile()
const after = withUnreleased(before)
writeFileSync(join(SCHEMA_FOLDER, 'registry.json'), JSON.stringify(after, null, 1) + '\n')
process.stdout.write(`${after.length - before.length} new versions, ${after.length} in all\n`)

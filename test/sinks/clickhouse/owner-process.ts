// A process for owner.test.ts: opens the database as owner, writes on, and obeys words on stdin.

import { silentLogger } from '../../../schemas/logger.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'

const stateDir = process.argv[2] ?? ''
const database = await openDatabase({ url: '', stateDir, role: 'owner', log: silentLogger })
await database.command('CREATE TABLE IF NOT EXISTS t (id String, n UInt32) ENGINE = ReplacingMergeTree ORDER BY id')
for (let n = 0; n < 5; n += 1) {
  await database.insert('t', [{ id: `row-${n}`, n }])
  await database.insert('t', [{ id: `row-${n}`, n }])
}
process.stdout.write('ready\n')
for await (const chunk of process.stdin.setEncoding('utf8')) if (String(chunk).includes('close')) break
await database.close()
process.stdout.write('closed\n')
process.stdin.destroy()

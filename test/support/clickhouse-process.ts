// A ClickHouse server as a process of its own: the engine of the embedded database, run as its own command line runs it,
// opens ClickHouse's HTTP interface, with its users, its settings and its logs. Arguments: those of clickhouse-local, as
// --path=FOLDER --http_port=PORT --config-file=FILE. It ends when it is killed, or with whoever holds its standard input.

import { libchdbPath } from 'chdb/libchdb'
import { DataType, load, open } from 'ffi-rs'

const ENDLESS = [
  ...['SELECT sleepEachRow(1)', 'FROM system.numbers', 'FORMAT Null'],
  'SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0',
].join(' ')

const words = ['clickhouse-local', ...process.argv.slice(2), `--query=SYSTEM START LISTEN HTTP; ${ENDLESS}`]
open({ library: 'chdb', path: libchdbPath() })
process.stdin.resume().once('end', () => {
  process.kill(process.pid, 'SIGKILL')
})
// Resolves when the engine gives up; what went wrong is on standard error.
await load({
  ...{ library: 'chdb', funcName: 'query_stable_v2', retType: DataType.External, runInNewThread: true },
  ...{ paramsType: [DataType.I32, DataType.StringArray], paramsValue: [words.length, words] },
})
process.exit(1)

// How a row of a table becomes rows of a format. A maker has the Avro schema of its rows, and says what a schema
// cannot: roles take turns, as many labels as steps. Promise: a row depends on its record and the look alone.

import type { AvroSchema } from '../../schemas/avro-files.ts'
import { preferenceOf, sftOf } from '../../sinks/clickhouse/read-rows.ts'
import { dataRow, rowSchema } from '../../sinks/json/rows.ts'
import type { Look, Maker } from './contract.ts'
import { conversationMaker } from './makers/conversation.ts'
import { pairMaker } from './makers/pair.ts'
import { sidesMaker } from './makers/sides.ts'
import { stepsMaker } from './makers/steps.ts'

/** The maker of a look; it remembers what it has made, so each export needs its own. */
export function makerOf(look: Look): Maker {
  switch (look.format) {
    case 'magpie':
    case 'jsonl':
    case 'parquet':
    case 'avro':
      return wholeRows(look.type === 'preference' ? 'preference' : 'sft')
    case 'sharegpt':
    case 'messages':
      return conversationMaker(look)
    case 'dpo':
      return pairMaker(look)
    case 'kto':
      return sidesMaker(look)
    case 'prm':
      return stepsMaker(look)
  }
}

/** The rows as the run's own JSON files have them. */
function wholeRows(type: 'sft' | 'preference'): Maker {
  return {
    schema: JSON.parse(rowSchema(type)) as AvroSchema,
    make: (columns) => [dataRow(type, type === 'sft' ? sftOf(columns) : preferenceOf(columns))],
    faultsOf: () => [],
  }
}

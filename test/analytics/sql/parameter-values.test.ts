// A parameter's text that ClickHouse would take for another value is refused; what is let through comes back as it was.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { takesNull, valueFault } from '../../../analytics/sql/parameter-values.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'

const BITS = [8, 16, 32, 64, 128, 256] as const

const OF_SECONDS = 'is not within 1970-01-01 00:00:00 to 2106-02-07 06:28:15 UTC'
const ANYWHERE = "in every time zone: write the zone, as DateTime('UTC')"
const PUT_FORWARD = 'in America/New_York: its clocks are put forward then'

const REFUSED: readonly (readonly [type: string, value: string, said: string])[] = [
  ['UInt8', '300', '300 is not within 0 to 255'],
  ['Int8', '-129', '-129 is not within -128 to 127'],
  ['UInt64', '18446744073709551616', '18446744073709551616 is not within 0 to 18446744073709551615'],
  ['UInt8', '', 'an empty text is no whole number (0 to 255)'],
  ['Nullable(UInt8)', '300', '300 is not within 0 to 255'],
  ['LowCardinality(Nullable( UInt8 ))', '300', '300 is not within 0 to 255'],
  ['tinyint unsigned', '300', '300 is not within 0 to 255'],
  ['INTEGER SIGNED', '2147483648', '2147483648 is not within -2147483648 to 2147483647'],
  ['Array(UInt8)', '[1,300]', '300 is not within 0 to 255'],
  ['Array(Array(Nullable(Int8)))', '[[1,NULL],[128]]', '128 is not within -128 to 127'],
  ['Tuple(a String, b UInt16, c UInt8)', "('300, [',300,300)", '300 is not within 0 to 255'],
  ['Map(String, Array(UInt8))', "{'a:300':[1],'b':[2,300]}", '300 is not within 0 to 255'],
  ['Date', '2300-01-01', '2300-01-01 is not within 1970-01-01 to 2149-06-06'],
  ['Date', '2026-13-01', 'there is no day 2026-13-01'],
  ['Array(Date)', "['2026-02-31']", 'there is no day 2026-02-31'],
  ['Date32', '1800-01-01', '1800-01-01 is not within 1900-01-01 to 2299-12-31'],
  ["DateTime('UTC')", '2200-01-01 00:00:00', `2200-01-01 00:00:00 ${OF_SECONDS}`],
  ['DateTime', '2106-02-07 23:00:00', `2106-02-07 23:00:00 ${OF_SECONDS} ${ANYWHERE}`],
  ["DateTime('UTC')", '2106-02-07 06:28:16', `2106-02-07 06:28:16 ${OF_SECONDS}`],
  ["DateTime('America/New_York')", '2106-02-07 01:28:16', `2106-02-07 01:28:16 ${OF_SECONDS}`],
  ["DateTime('Asia/Tokyo')", '1970-01-01 08:59:59', `1970-01-01 08:59:59 ${OF_SECONDS}`],
  ["DateTime('Asia/Tokyo')", '1970-01-01', `1970-01-01 ${OF_SECONDS}`],
  ["DateTime('America/New_York')", '2026-03-08 02:30:00', `there is no time 2026-03-08 02:30:00 ${PUT_FORWARD}`],
  ['TIMESTAMP', '2200-01-01 00:00:00', `2200-01-01 00:00:00 ${OF_SECONDS} ${ANYWHERE}`],
  ["datetime32('UTC')", '2106-02-07 06:28:16', `2106-02-07 06:28:16 ${OF_SECONDS}`],
  ['DATETIME', '2026-02-31 00:00:00', 'there is no day 2026-02-31'],
  ['DATETIME(3)', '2026-01-01 00:00:00.1239', '2026-01-01 00:00:00.1239 has more than 3 digits behind the point'],
  ['date', '2026/02/31', 'there is no day 2026-02-31'],
  ['Date', '20260231', 'there is no day 2026-02-31'],
  ["DateTime('UTC')", '2026-01-01 00:00:60', 'there is no time 00:00:60'],
  ['DateTime64', '1767225600.1239', '1767225600.1239 has more than 3 digits behind the point'],
  ["DateTime64(0, 'UTC')", '253402300800', '253402300800 is not within -62135596800 to 253402300799 seconds'],
  [
    "DateTime64(3, 'America/New_York')",
    '9999-12-31 19:00:00',
    '9999-12-31 19:00:00 is not within 0001-01-01 00:00:00 to 9999-12-31 23:59:59 UTC',
  ],
  ['DateTime', '5000000000', '5000000000 is not within 0 to 4294967295 seconds'],
  ["DateTime64(3, 'UTC')", '2026-02-31 00:00:00.5', 'there is no day 2026-02-31'],
  ['DateTime64(3)', '2026-01-01 24:00:00', 'there is no time 24:00:00'],
  ['Float32', '1e39', '1e39 is not within -3.4e38 to 3.4e38'],
  ['Float64', '-1e400', '-1e400 is not within -1.8e308 to 1.8e308'],
  ['Decimal(5, 2)', '1.239', '1.239 has more than 2 digits behind the point'],
  ['Decimal32(2)', '1.239', '1.239 has more than 2 digits behind the point'],
  ['NUMERIC(5, 2)', '1239e-3', '1239e-3 has more than 2 digits behind the point'],
  ...['DEC', 'fixed', 'DECIMAL', 'numeric'].map(
    (type) => [type, '1.5', '1.5 has more than 0 digits behind the point'] as const,
  ),
  ...['FLOAT', 'REAL', 'single'].map((type) => [type, '1e39', '1e39 is not within -3.4e38 to 3.4e38'] as const),
  [
    'IntervalDay',
    '9223372036854775808',
    '9223372036854775808 is not within -9223372036854775808 to 9223372036854775807',
  ],
  ['Time', '00:61:00', 'there is no time 00:61:00'],
  ['time64(3)', '00:00:00.1239', '00:00:00.1239 has more than 3 digits behind the point'],
  ['DateTime64', '-1.1239', '-1.1239 has more than 3 digits behind the point'],
  ['Tuple(e double precision, b UInt8)', '(1e400,1)', '1e400 is not within -1.8e308 to 1.8e308'],
  ['Tuple(a TINYINT UNSIGNED)', '(300)', '300 is not within 0 to 255'],
  ['TINYINT(4) UNSIGNED', '300', '300 is not within 0 to 255'],
  ['DOUBLE', '1e-400', '1e-400 is too near to 0 for a Float64'],
]

/** As ClickHouse writes them again. */
const TAKEN: readonly (readonly [type: string, value: string, again?: string])[] = [
  ['Array(UInt8)', '[0,255]'],
  ['Array(UInt8)', '[]'],
  ['Array(Nullable(Int8))', '[-128,NULL]'],
  ['Array(Nullable(Int8))', '[null]', '[NULL]'],
  ['Tuple(TINYINT UNSIGNED)', '(300)'],
  ['Tuple(UInt8, String)', "(255,'300, )')"],
  ['Map(String, UInt8)', "{'a:300':255}"],
  ['Date', '2149-06-06'],
  ['Date32', '1900-01-01'],
  ["DateTime('UTC')", '2026-02-28 23:59:59'],
  ["DateTime64(3, 'UTC')", '9999-12-31 23:59:59.999'],
  ["DateTime('UTC')", '2106-02-07 06:28:15'],
  ["DateTime('UTC')", '1970-01-01 00:00:00'],
  ["DateTime('America/New_York')", '1969-12-31 19:00:00'],
  ["DateTime('America/New_York')", '2026-11-01 01:30:00'],
  ["DateTime('Asia/Tokyo')", '2106-02-07 15:28:15'],
  ["DateTime64(3, 'America/New_York')", '1800-01-01 00:00:00.000'],
  ["DateTime64(9, 'UTC')", '2262-04-11 23:47:16.854775807'],
  ["DateTime64(3, 'UTC')", '2026-01-01 00:00:00.1230000', '2026-01-01 00:00:00.123'],
  ['Float64', '-1.5'],
  ['Float64', 'inf'],
  ['Decimal(5, 2)', '999.990', '999.99'],
  ['Decimal(5, 2)', '100e-2', '1'],
  ['Decimal(5, 2)', '0e-9', '0'],
  ['Bool', 'true'],
  ['Time', '999:59:59'],
  ['String', '300'],
  ["Enum8('300, (' = 1)", '300, ('],
]

describe('a value of a parameter', () => {
  let folder = ''
  let database: Database
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-parameters-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  const asRead = async (type: string, value: string): Promise<string> =>
    (await database.query(`SELECT {it:${type}}`, { parameters: { it: value }, format: 'TSVRaw' })).trimEnd()

  it('is refused where another one would be read, and says what the type takes', async () => {
    for (const [type, value, said] of REFUSED) {
      assert.equal(valueFault(type, value), said, type)
      // ClickHouse itself takes it, as something else; only of an empty text it says that it is none.
      if (value !== '') assert.notEqual(await asRead(type, value), value, type)
    }
  })

  it('is let through where it stays what it is', async () => {
    for (const [type, value, again = value] of TAKEN) {
      assert.equal(valueFault(type, value), null, type)
      assert.equal(await asRead(type, value), again, type)
    }
  })

  it('that ClickHouse refuses by itself changes nothing: no plus before a whole number, no null by itself', async () => {
    for (const [type, value] of [
      ...[['UInt8', '+5'] as const, ['Nullable(UInt8)', '\\N'] as const, ['Nullable(UInt8)', 'NULL'] as const],
      ...[['DateTime64(9)', '2262-04-12 00:00:00'] as const, ['Decimal(5, 2)', '99999'] as const],
    ])
      await assert.rejects(asRead(type, value), /ClickHouse: /, `${type} ${value}`)
  })

  it('may be NULL if and only if ClickHouse takes NULL for the type', async () => {
    const inner = fc.constantFrom(
      'UInt8',
      'String',
      'Date',
      "DateTime('UTC')",
      'Decimal(5, 2)',
      'UUID',
      'Bool',
      'DOUBLE',
    )
    const types = inner.chain((type) =>
      fc.constantFrom(type, `Nullable(${type})`, `Nullable( ${type} )`, `Array(Nullable(${type}))`),
    )
    const asked = async (type: string): Promise<string | null> =>
      await database
        .query(`SELECT {it:${type}} IS NULL`, { parameters: { it: null }, format: 'TSVRaw' })
        .then((text) => text.trimEnd())
        .catch(() => null)
    await fc.assert(
      fc.asyncProperty(types, async (type) => {
        assert.equal(takesNull(type), (await asked(type)) === '1', type)
      }),
      { numRuns: 100 },
    )
    for (const type of ['String', 'Nullable(String)'])
      assert.equal(await asked(`LowCardinality(${type})`), takesNull(`LowCardinality(${type})`) ? '1' : '0')
  })

  it('of a moment in a zone is let through if and only if it comes back', async () => {
    const zones = ['UTC', 'Asia/Tokyo', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu']
    // The edges of the type, and the nights when clocks are put forward in New York, in Berlin and on Lord Howe Island.
    const edges = [0, 2 ** 32 - 1, ...['2026-03-08', '2027-03-28', '2026-10-04'].map((day) => Date.parse(day) / 1000)]
    const cases = fc.tuple(fc.constantFrom(...zones), fc.constantFrom(...edges), fc.integer({ min: -40, max: 40 }))
    await fc.assert(
      fc.asyncProperty(cases, async ([zone, edge, quarters]) => {
        const moment = edge + quarters * 900
        const value = new Date(moment * 1000).toISOString().slice(0, 19).replace('T', ' ')
        const type = `DateTime('${zone}')`
        const read = await asRead(type, value)
        assert.equal(valueFault(type, value) === null, read === value, `${type} ${value} ${read}`)
      }),
      { numRuns: 300 },
    )
  })

  it('of a whole number is let through if and only if it comes back', async () => {
    const types = BITS.flatMap((bits) => ['UInt', 'Int'].map((name) => ({ type: `${name}${bits}`, bits })))
    const cases = fc.constantFrom(...types).chain(({ type, bits }) => {
      const edge = fc.constantFrom(0n, 2n ** BigInt(bits), 2n ** BigInt(bits - 1), -(2n ** BigInt(bits - 1)))
      const near = fc.tuple(edge, fc.bigInt(-2n, 2n)).map(([one, other]) => one + other)
      return fc.oneof(near, fc.bigInt(-(2n ** 257n), 2n ** 257n)).map((value) => ({ type, value: String(value) }))
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ type, value }) => {
        const read = await asRead(type, value).catch(() => null)
        assert.equal(valueFault(type, value) === null, read === value, `${type} ${value} ${read}`)
      }),
      { numRuns: 300 },
    )
  })
})

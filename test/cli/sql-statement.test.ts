// What goes to the database with `magpie sql`: the statement and its values, or every fault of them at once.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatIn, readStatement } from '../../cli/sql-statement.ts'
import { UsageFault } from '../../schemas/failure.ts'

const faultsOf = async (sql: string, given: readonly string[] = []): Promise<readonly string[]> => {
  try {
    await readStatement(sql, undefined, given)
    return []
  } catch (error) {
    assert.ok(error instanceof UsageFault, String(error))
    return error.faults
  }
}

describe('the statement of magpie sql', () => {
  it('has values that are what was written', async () => {
    const sql = 'SELECT {a:UInt8}, {b:String}'
    assert.deepEqual((await readStatement(sql, undefined, ['a=255', 'b='])).parameters, { a: '255', b: '' })
    assert.match((await faultsOf('SELECT {constructor:UInt8}'))[0]!, /give --param constructor=…$/)
    assert.deepEqual(await faultsOf('SELECT 1', ['__proto__=7']), [
      '--param __proto__: give the parameter another name',
    ])
    assert.deepEqual(await faultsOf(sql, ['a=300', 'b=300']), [
      '--param a is {a:UInt8} in the SQL: 300 is not within 0 to 255',
    ])
  })

  it('holds a value to every type that it stands for', async () => {
    const sql = 'SELECT {a:UInt8}, {a:UInt16}, {a:UInt8}, {a:Int8}'
    assert.deepEqual(await faultsOf(sql, ['a=200']), [
      '--param a is {a:Int8} in the SQL: 200 is not within -128 to 127',
    ])
    assert.equal((await faultsOf(sql, ['a=70000'])).length, 3)
  })

  it('has NULL for \\N where every type takes NULL, and the text where none does', async () => {
    const given = async (sql: string) => (await readStatement(sql, undefined, ['a=\\N'])).parameters['a']
    for (const type of ['Nullable(UInt8)', 'LowCardinality(Nullable( String ))', "Nullable(DateTime('UTC'))"])
      assert.equal(await given(`SELECT {a:${type}}, {a:Nullable(Int64)}`), null, type)
    for (const type of ['String', 'LowCardinality(String)', 'Array(Nullable(UInt8))'])
      assert.equal(await given(`SELECT {a:${type}}`), '\\N', type)
    assert.match((await faultsOf('SELECT {a:UInt8}', ['a=\\N'])).join(), /: \\N is no whole number \(0 to 255\)$/)
    const two = await faultsOf('SELECT {a:Nullable(UInt8)}, {a:String}', ['a=\\N'])
    assert.deepEqual(two, [
      '--param a is {a:String} in the SQL: \\N, which is NULL for its other type, is none here: take two parameters',
    ])
  })

  it('has a format of its own only where it ends with one', () => {
    for (const sql of [
      'SELECT 1 FORMAT JSON',
      'select 1 format JSON -- so\n;',
      'SELECT 1 FORMAT JSON SETTINGS final = 1',
    ])
      assert.equal(formatIn(sql), 'JSON', sql)
    for (const sql of [
      'SELECT 1',
      'SELECT format FROM x',
      "SELECT format('{}', 1)",
      "SELECT 'FORMAT JSON'",
      'SELECT 1 AS format',
    ])
      assert.equal(formatIn(sql), null, sql)
  })

  it('is no use where it could be read in two ways', async () => {
    assert.deepEqual(await faultsOf('SELECT $a$x$a$'), ['this SQL is not read here: $ outside of quotes'])
  })
})

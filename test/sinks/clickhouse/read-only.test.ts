// The read-only lane lets reading through and refuses the rest, before ClickHouse sees it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { assertReadOnly } from '../../../sinks/clickhouse/read-only.ts'
import { statementsOf, tokenise } from '../../../sinks/clickhouse/tokens.ts'

const ALLOWED = [
  'SELECT 1',
  'select count() from problems final;',
  ' ( select 1 ) union all (select 2) ; ; ',
  "WITH x AS (SELECT ';drop' AS a) SELECT * FROM x -- ; drop table x\n",
  'SHOW TABLES',
  'DESCRIBE TABLE problems',
  'EXPLAIN SELECT 1',
  'EXISTS TABLE problems',
  'SELECT text AS "into outfile" FROM problems',
  "SELECT 'INTO OUTFILE', 'file(''/etc/passwd'')'",
  "SELECT 'it''s \\' ; still one' /* ; */",
  'SELECT source_file, url FROM (SELECT 1 AS source_file, 2 AS url)',
  "SELECT format('{}', 1), replace('a', 'b', 'c')",
  'FROM problems SELECT id',
]

const REFUSED: [sql: string, saying: RegExp][] = [
  ['', /no statement/],
  ['-- nothing', /no statement/],
  ['INSERT INTO problems SELECT 1', /INSERT is not allowed/],
  ['DROP TABLE problems', /DROP/],
  ['ALTER TABLE problems DELETE WHERE 1', /ALTER/],
  ['SYSTEM FLUSH LOGS', /SYSTEM/],
  ['TRUNCATE TABLE problems', /TRUNCATE/],
  ['CREATE TABLE x (a Int8) ENGINE = Memory', /CREATE/],
  ['OPTIMIZE TABLE problems', /OPTIMIZE/],
  ['KILL QUERY WHERE 1', /KILL/],
  ['USE system', /USE/],
  ['SET readonly = 0', /SET/],
  ['/* SELECT */ DELETE FROM problems', /DELETE/],
  ['SELECT 1; SELECT 2', /one statement/],
  ['SELECT 1; DROP TABLE problems', /one statement/],
  ["SELECT 1 INTO OUTFILE '/tmp/x'", /INTO OUTFILE/],
  ["SELECT 1 into /* here */ -- and\n outfile '/tmp/x'", /INTO OUTFILE/],
  ["SELECT file('/etc/passwd')", /file/],
  ["SELECT `file`('/etc/passwd')", /file/],
  ['SELECT "file"(\'/etc/passwd\')', /file/],
  ['SELECT "\\x66ile"(\'/etc/passwd\')', /backslash/],
  ["SELECT \u201cfile\u201d('/etc/passwd')", /U\+201c/],
  ["SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", /file/],
  ["SELECT arrayMap(file, ['/etc/passwd'])", /file/],
  ["SELECT * FROM file('/etc/passwd', 'LineAsString')", /file/],
  ["SELECT * FROM url('http://127.0.0.1/', 'LineAsString')", /url\(\)/],
  ["SELECT * FROM s3('http://127.0.0.1/a/b', 'LineAsString')", /s3\(\)/],
  ["SELECT * FROM s3Cluster('c', 'http://127.0.0.1/a/b')", /s3Cluster/],
  ["SELECT * FROM remote('127.0.0.1', system.one)", /remote/],
  ["SELECT * FROM mysql('h', 'd', 't', 'u', 'p')", /mysql/],
  ["SELECT * FROM executable('id', LineAsString, 'a String')", /executable/],
  ["SELECT * FROM eval('select 1')", /eval/],
  ["DESCRIBE url('http://127.0.0.1/')", /url/],
  ["DESCRIBE '/etc/passwd'", /in place of a table/],
  ['DESCRIBE TABLE `/etc/passwd`', /in place of a table/],
  ['SELECT $$a$$', /\$/],
  ['SELECT 1 # comment', /comments/],
  ['SELECT 1 // comment', /comments/],
  ['SELECT 1 /* a /* b */ */', /comment inside/],
  ['SELECT 1 /* a', /not closed/],
  ["SELECT 'a", /not closed/],
  ["SELECT x'\\' , file(1)", /hexadecimal/],
]

describe('the read-only check', () => {
  for (const sql of ALLOWED) {
    it(`lets through: ${sql}`, () => {
      assertReadOnly(sql)
    })
  }
  for (const [sql, saying] of REFUSED) {
    it(`refuses: ${sql}`, () => {
      assert.throws(
        () => {
          assertReadOnly(sql)
        },
        (error: Error & { code?: string }) => error.code === 'sql-refused' && saying.test(error.message),
      )
    })
  }

  it('finds a forbidden part wherever it stands', () => {
    const harmless = fc.constantFrom('1', "'a;b'", '"c d"', '(', ')', ',', '--x\n', '/* y */', 'now()', '\n')
    const forbidden = fc.constantFrom("file('/x')", ' into outfile ', "; select 'x'", "url('x')")
    fc.assert(
      fc.property(fc.array(harmless), forbidden, fc.array(harmless), (before, bad, after) => {
        assert.throws(() => {
          assertReadOnly(`select ${before.join(' ')} ${bad} ${after.join(' ')}`)
        })
      }),
    )
  })

  it('reads text and names back whatever they hold', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, name) => {
        const quotedText = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
        const plainName = name.replaceAll('\\', '')
        const tokens = tokenise(`select ${quotedText} as "${plainName.replaceAll('"', '""')}"`)
        assert.deepEqual(
          tokens.map((token) => token.kind),
          ['word', 'text', 'word', 'name'],
        )
        assert.equal(tokens[1]?.value.replaceAll('\\\\', '\\'), text)
        assert.equal(tokens[3]?.value, plainName)
      }),
    )
  })
})

describe('statements of a file', () => {
  it('are cut at semicolons outside of quotes and comments', () => {
    assert.deepEqual(statementsOf("-- a;\nselect ';' ;\n select 2; -- end\n"), ["-- a;\nselect ';'", 'select 2'])
  })
})

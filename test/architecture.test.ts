// Holds the floors (imports go down only, never sideways), the doors (one folder a library) and the house's
// plain rules. A rule that is not held here is not written down.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '..')

/** From the roof down. Rooms on one floor do not know one another. */
const FLOORS = [
  ['cli'],
  ['web', 'analytics', 'local'],
  ['pipeline'],
  ['configs'],
  ['producers', 'processors', 'sinks'],
  ['llm', 'math', 'stream'],
  ['schemas'],
]

/** Which files may import a library that has a door. */
const DOORS: Record<string, RegExp> = {
  kafkajs: /^stream\//,
  openai: /^llm\//,
  undici: /^llm\//,
  '@huggingface/jinja': /^llm\//,
  '@huggingface/hub': /^analytics\/push\/hub\.ts$/,
  avsc: /^schemas\//,
  '@clickhouse/client': /^sinks\/clickhouse\//,
  chdb: /^sinks\/clickhouse\//,
  pino: /^cli\/logger\.ts$/,
  '@cortex-js/compute-engine': /^math\//,
  'franc-min': /^processors\//,
  yaml: /^configs\//,
  commander: /^cli\//,
  fastify: /^web\//,
  'cli-table3': /^(cli|analytics)\//,
  hyparquet: /^analytics\/export\/parquet\.ts$/,
  'hyparquet-writer': /^analytics\/export\/parquet\.ts$/,
}

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !/^(node_modules|test|bench|examples|scripts|data|\.magpie)\//.test(path))

const roomOf = (path: string) => posix.basename(path.split('/')[0]!, '.ts')
const floorOf = (path: string) => FLOORS.findIndex((floor) => floor.includes(roomOf(path)))
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')

function importsOf(path: string): string[] {
  return [...textOf(path).matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
}

describe('the house', () => {
  it('has files', () => {
    assert.ok(sources.length > 40, `only ${sources.length} source files were found`)
  })

  for (const path of sources) {
    it(`${path} imports downwards and through doors`, () => {
      assert.notEqual(floorOf(path), -1, `${path} is in a folder that is on no floor`)
      for (const name of importsOf(path)) {
        if (name.startsWith('.')) {
          const target = relative(root, join(root, posix.dirname(path), name)).replaceAll('\\', '/')
          if (roomOf(target) === roomOf(path)) continue
          assert.ok(floorOf(target) > floorOf(path), `${path} imports ${target}: not a lower floor`)
        } else {
          const library = name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/')
          const door = DOORS[library]
          assert.ok(door === undefined || door.test(path), `${path} imports ${library}, whose door is ${door?.source}`)
        }
      }
    })

    it(`${path} keeps the plain rules`, () => {
      const text = textOf(path)
      assert.match(text, /^(#!.*\n)?\/\//, `${path} does not begin with what it is and what it promises`)
      assert.doesNotMatch(text, /\bTODO\b|\bFIXME\b/, `${path} has a mark of unfinished work`)
      assert.ok(text.split('\n').length <= 320, `${path} has over 320 lines: split it along a real seam`)
    })
  }

  it('has no folder for leftovers', () => {
    for (const path of sources) assert.doesNotMatch(path, /(^|\/)(utils?|common|helpers)\//)
  })

  it('has no import cycle', () => {
    const done = new Set<string>()
    const visit = (path: string, above: string[]): void => {
      assert.ok(!above.includes(path), `cycle: ${[...above, path].join(' → ')}`)
      if (done.has(path)) return
      for (const name of importsOf(path).filter((each) => each.startsWith('.') && each.endsWith('.ts'))) {
        visit(posix.join(posix.dirname(path), name), [...above, path])
      }
      done.add(path)
    }
    for (const path of sources) visit(path, [])
  })
})

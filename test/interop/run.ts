// `npm run test:interop [-- --short]`: other people's tools read what a run leaves. Installs them (pip into an environment in
// the user's cache, kcat by apt-get for root), makes a run against the stand-in for the model servers, and lets each tool of
// examples/ read the topics, and every format of an export. What cannot be had is skipped, with the reason. --short: without
// training. Exit code 1 when a test fails.

import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { installTools } from './install.ts'
import type { Tools } from './install.ts'

const startedAt = performance.now()
const words = process.argv.slice(2)
if (words.some((word) => word !== '--short')) {
  console.error(`unknown: ${words.join(' ')}; the one option is --short`)
  process.exit(2)
}
const tools = await installTools(words.length > 0, (line) => {
  console.log(line)
})
for (const [name, tool] of Object.entries<Tools[keyof Tools]>({ ...tools }))
  if (typeof tool !== 'string') console.log(`no ${name}: ${tool.missing}`)
process.env.MAGPIE_INTEROP = JSON.stringify(tools)
const events = run({ files: [join(import.meta.dirname, 'tools.interop.ts')], concurrency: 1, timeout: 1_200_000 })
events.on('test:fail', () => {
  process.exitCode = 1
})
for await (const text of events.compose<NodeJS.ReadableStream>(new spec())) process.stdout.write(text)
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s, installation included`)

// npm run test:templates: holds each entry of configs/model_configs.json against the model's own chat template, as
// public packages carry it: the prefix without and with a system text, the third turn of a conversation, the opening of the answer, and the stops
// where a tokenizer is at hand; and each template against itself when it is given as a file. Prints a table; exits 1 on a difference or on an entry that claims too much.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { EARLIER_TURNS, renderThirdTurn, renderUserTurn, type RenderedTurn } from '../../llm/chat-template.ts'
import { readOwnTemplate } from '../../llm/own-template.ts'
import { loadTemplates, systemText, takesFurtherTurns, type Template, textBeforeTurn } from '../../llm/templates.ts'
import { PLAIN } from '../../cli/table-style.ts'
import { type Claim, CLAIMS, TOKENIZERS } from './claims.ts'
import { addedTokens, templateAt } from './packages.ts'

const SYSTEM = 'One text of ours.'

/** What a template makes of a turn; null where it refuses it. */
function rendered(chatTemplate: string, { bos }: Template, system: string | null): RenderedTurn | null {
  try {
    return renderUserTurn({ chatTemplate, bosToken: bos, system })
  } catch {
    return null
  }
}

/** All before the first letter of the third question; null where the template refuses such a chat. */
function beforeThird(chatTemplate: string, template: Template, system: string | null): string | null {
  try {
    return renderThirdTurn({ chatTemplate, bosToken: template.bos, eosToken: endOf(template), system }).before
  } catch {
    return null
  }
}

/** The token that ends an answer, by the entry: templates write the end token of the tokenizer by its name. */
function endOf({ stop, assistant }: Template): string {
  return stop.find((text) => assistant.close?.includes(text) === true) ?? ''
}

/** Differences between an entry and a template. */
function differences(template: Template, chatTemplate: string, { leadingBlanks }: Claim): string[] {
  const { system, user, assistant } = template
  const found: string[] = []
  const hold = (what: string, ours: string, theirs: string | undefined): void => {
    if (ours !== theirs) found.push(`${what}: ours ${JSON.stringify(ours)}, its own ${JSON.stringify(theirs ?? null)}`)
  }
  const plain = rendered(chatTemplate, template, null)
  const texted = rendered(chatTemplate, template, SYSTEM)
  if (!system.ownDefault) hold('prefix', textBeforeTurn(template, system.default), plain?.prefix)
  hold('answer opening', `${user.close}${assistant.open}`, plain?.suffix)
  if (!system.ownDefault)
    hold(
      'third turn',
      textBeforeTurn(template, system.default, EARLIER_TURNS),
      beforeThird(chatTemplate, template, null) ?? undefined,
    )
  if (system.rule === 'none') {
    if (texted?.prefix.includes(SYSTEM) === true) found.push('it takes a system text, ours says that it does not')
    return found
  }
  const theirs = leadingBlanks === true ? texted?.prefix.trimStart() : texted?.prefix
  hold('prefix with a system text', textBeforeTurn(template, SYSTEM), theirs)
  const third = beforeThird(chatTemplate, template, SYSTEM) ?? undefined
  const trimmed = leadingBlanks === true ? third?.trimStart() : third
  hold('third turn with a system text', textBeforeTurn(template, SYSTEM, EARLIER_TURNS), trimmed)
  return found
}

/** Whether a file with this template would give the same prefixes as the template itself. */
function readBack(chatTemplate: string, template: Template): string[] {
  const { bos } = template
  const folder = mkdtempSync(join(tmpdir(), 'templates-'))
  try {
    const path = join(folder, 'tokenizer_config.json')
    writeFileSync(path, JSON.stringify({ bos_token: bos, eos_token: endOf(template), chat_template: chatTemplate }))
    const own = readOwnTemplate(path)
    const further = takesFurtherTurns(own) ? [] : ['as a file: no further turns were read']
    return [null, SYSTEM]
      .flatMap((system) => {
        if (system !== null && own.system.rule === 'none') return []
        const ours = textBeforeTurn(own, systemText(own, { system }))
        const theirs = renderUserTurn({ chatTemplate, bosToken: bos, system }).prefix
        return ours === theirs ? [] : [`as a file: read ${JSON.stringify(ours)}, rendered ${JSON.stringify(theirs)}`]
      })
      .concat(further)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Stop ids that are no added tokens, and stop strings that are one whose id is not in the list. */
function wrongStops({ stop, stopTokenIds }: Template, tokens: Map<string, number>): string[] {
  const ids = new Set(tokens.values())
  const unknown = stopTokenIds.filter((id) => !ids.has(id)).map((id) => `stop id ${id} is no added token`)
  const left = stop.flatMap((text) => {
    const id = tokens.get(text)
    return id === undefined || stopTokenIds.includes(id)
      ? []
      : [`stop ${text} is token ${id}, which is not in the list`]
  })
  return [...unknown, ...left]
}

const templates = new Map(loadTemplates().map((template) => [template.name, template]))
const table = new Table(PLAIN)
table.push(['entry', 'held against', 'result'])
const compared = new Set<string>()
let wrong = 0
let skipped = 0

const row = (entry: string, place: string, faults: readonly string[]): void => {
  wrong += faults.length
  table.push([entry, place, faults.length === 0 ? 'agrees' : faults.join('\n')])
}

for (const claim of CLAIMS) {
  const template = templates.get(claim.entry)
  if (template === undefined) {
    row(claim.entry, claim.at, ['there is no such entry'])
    continue
  }
  const chatTemplate = await templateAt(claim.at)
  if (chatTemplate === null) {
    skipped += 1
    continue
  }
  compared.add(claim.entry)
  row(claim.entry, claim.at, [...differences(template, chatTemplate, claim), ...readBack(chatTemplate, template)])
}
for (const [entry, name] of Object.entries(TOKENIZERS)) {
  const tokens = await addedTokens(name)
  if (tokens === null) skipped += 1
  else row(entry, name, wrongStops(templates.get(entry)!, tokens))
}
const claimed = new Set(CLAIMS.map(({ entry }) => entry))
for (const { name, verified } of templates.values()) {
  if (verified === 'template' && !claimed.has(name))
    row(name, 'nothing', ['says verified: template, but is held against none'])
  if (verified === 'recalled' && claimed.has(name)) row(name, 'its template', ['could say verified: template'])
  if (verified === 'recalled' && !claimed.has(name)) table.push([name, 'nothing', 'recalled'])
}
process.stdout.write(
  `${table.toString()}\n${compared.size} of ${templates.size} entries compared, ${wrong} differences, ${skipped} comparisons skipped\n`,
)
process.exitCode = wrong === 0 ? 0 : 1

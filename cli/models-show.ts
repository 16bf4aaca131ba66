// magpie models show NAME: one template in full, its prefixes with every line end and control character visible.

import { resolve } from 'node:path'
import Table from 'cli-table3'
import type { Command } from 'commander'
import { nearest } from '../configs/nearest.ts'
import { readOwnTemplate } from '../llm/own-template.ts'
import {
  findTemplate,
  loadTemplates,
  promptPrefix,
  takesFurtherTurns,
  type Template,
  templateNames,
} from '../llm/templates.ts'
import { visible, visibleLines } from '../llm/visible.ts'
import { UsageFault } from '../schemas/failure.ts'
import { PLAIN } from './table-style.ts'

const HELP = `
NAME is a name of models list, a model's name, or the path of a .jinja file or of a tokenizer_config.json.

Examples:
  ./magpie models show deepseek-r1
  ./magpie models show Qwen/Qwen3-8B --json
  ./magpie models show ./my-model/tokenizer_config.json`

/** Adds the command. */
export function addModelsShow(models: Command): void {
  models
    .command('show')
    .description('one template: exact prefixes, stops, sampling advice, reasoning, source')
    .argument('<name>', 'name of a template or of a model, or a file')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((name: string, options: { json?: true }) => {
      const template = templateOf(name)
      process.stdout.write(`${options.json === true ? JSON.stringify(shown(template)) : page(template)}\n`)
    })
}

function templateOf(name: string): Template {
  if (/\.(?:jinja|json)$/.test(name)) return readOwnTemplate(resolve(name))
  const templates = loadTemplates()
  const template = findTemplate(name, templates)
  if (template !== null) return template
  const names = templateNames(templates)
  const meant = nearest(name.slice(name.lastIndexOf('/') + 1), names)
  const hint = meant === null ? 'there are' : `did you mean ${meant}? There are`
  throw new UsageFault(
    `no template is known for "${name}"; ${hint} ${names.join(', ')}; or give the path of the model's own chat template`,
  )
}

interface ShownPrefix {
  /** null: the template's own default. */
  readonly controlTask: string | null
  readonly prompt: string
  readonly hash: string
}

function prefixes(template: Template): ShownPrefix[] {
  return [null, ...Object.keys(template.controlTasks)].map((controlTask) => ({
    controlTask,
    ...promptPrefix(template, { controlTask }),
  }))
}

function shown(template: Template): Template & { prefixes: ShownPrefix[] } {
  return { ...template, prefixes: prefixes(template) }
}

const PLACES: Readonly<Record<Template['system']['place'], string>> = {
  'before-turn': '',
  'in-turn': ", at the head of the user's first turn",
  'in-last-turn': ", at the head of the user's last turn",
}

/** What stands before a further question, with the words of one turn. */
function furtherTurn(template: Template): string {
  if (!takesFurtherTurns(template)) return 'not known, so no follow-up questions'
  const { user, assistant } = template
  return visible(`…${user.close}${assistant.past ?? assistant.open}…${assistant.close ?? ''}${user.open}`)
}

function page(template: Template): string {
  const { name, models, verified, system, user, assistant, reasoning, sampling } = template
  const facts = new Table({ ...PLAIN, wordWrap: true, colWidths: [17, 103] })
  facts.push(
    ['models', models.join(' ') || 'those of the file'],
    ['verified', verified],
    ['system text', `${system.rule}${PLACES[system.place]}`],
    ['answer opens', visible(`${user.close}${assistant.open}`) || 'at once'],
    ['further turns', furtherTurn(template)],
    ['stop strings', template.stop.map(visible).join('  ') || 'none'],
    ['stop ids', template.stopTokenIds.join(' ') || 'none'],
    ['problems', samplingText(sampling.problems)],
    ['answers', samplingText(sampling.answers)],
    [
      'reasoning',
      reasoning === null
        ? 'none'
        : `${visible(reasoning.open)} … ${visible(reasoning.close)}, opened by the ${reasoning.openInPrompt ? 'prompt' : 'model'}`,
    ],
    ['context', template.contextLength === null ? 'not known' : `${template.contextLength} tokens`],
    ['source', template.source],
    ['notes', template.notes || 'none'],
  )
  const texts = prefixes(template).map(
    ({ controlTask, prompt, hash }) =>
      `prefix ${controlTask === null ? 'by default' : `for ${controlTask}`} (sha256 ${hash.slice(0, 12)})\n${visibleLines(prompt)}`,
  )
  return [name, facts.toString(), ...texts].join('\n\n')
}

function samplingText(sampling: Template['sampling']['answers']): string {
  const parts = Object.entries(sampling).map(([key, value]) => `${key} ${String(value)}`)
  return parts.join('  ') || 'nothing is advised'
}

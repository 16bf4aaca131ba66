// magpie models list: all entries of the catalogue, a line each.

import Table from 'cli-table3'
import type { Command } from 'commander'
import { loadTemplates, type Template } from '../llm/templates.ts'
import { PLAIN } from './table-style.ts'

/** Adds the command. */
export function addModelsList(models: Command): void {
  models
    .command('list')
    .description('known templates: models, how far verified, control tasks, reasoning')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  ./magpie models list --json')
    .action((options: { json?: true }) => {
      const templates = loadTemplates()
      const text = options.json === true ? JSON.stringify(templates.map(row)) : table(templates)
      process.stdout.write(`${text}\n`)
    })
}

interface ListRow {
  readonly name: string
  readonly models: readonly string[]
  readonly verified: string
  readonly controlTasks: readonly string[]
  readonly reasoning: 'no' | 'opened by the model' | 'opened by the prompt'
}

function row({ name, models, verified, controlTasks, reasoning }: Template): ListRow {
  return {
    name,
    models,
    verified,
    controlTasks: Object.keys(controlTasks),
    reasoning: reasoning === null ? 'no' : reasoning.openInPrompt ? 'opened by the prompt' : 'opened by the model',
  }
}

function table(templates: readonly Template[]): string {
  const lines = new Table(PLAIN)
  lines.push(['name', 'verified', 'control tasks', 'reasoning', 'models'])
  for (const template of templates) {
    const { name, models, verified, controlTasks, reasoning } = row(template)
    lines.push([name, verified, controlTasks.join(' ') || 'none', reasoning, models.join(' ')])
  }
  return `${lines.toString()}\n\nverified: template: agrees with the model's own chat template; server: with a server's tokens; recalled: neither yet`
}

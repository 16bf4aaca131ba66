// `magpie models`: the chat templates of known models, the exact prefix of each, and checks of a config's servers.

import type { Command } from 'commander'
import { addModelsCheck } from './models-check.ts'
import { addModelsList } from './models-list.ts'
import { addModelsShow } from './models-show.ts'

const EXAMPLES = `
Examples:
  ./magpie models list
  ./magpie models show deepseek-r1
  ./magpie models check -c configs/deepseek-r1.yaml`

/** Adds the command. */
export function addModels(program: Command): void {
  const models = program
    .command('models')
    .description('chat templates of models: list, show, check against servers')
    .addHelpText('after', EXAMPLES)
  addModelsList(models)
  addModelsShow(models)
  addModelsCheck(models)
}

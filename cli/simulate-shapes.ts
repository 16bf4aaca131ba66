// The options of `magpie simulate` that say which server and which model is played: the shapes of its replies.

import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { GENERATION_CONFIG_NAMES } from '../local/engine/front-protocol.ts'
import type { FrontProtocol, GenerationConfig, ReasoningParser, RewardShape } from '../local/engine/front-protocol.ts'
import type { TextEngineOptions } from '../local/engine/text-engine.ts'
import { SPECIAL_TOKENS } from '../local/engine/tokens.ts'
import { UsageFault } from '../schemas/failure.ts'

export interface ShapeOptions {
  readonly recording?: string
  readonly runner?: 'generate' | 'pooling'
  readonly rewardShape?: RewardShape
  readonly think?: boolean
  readonly harmony?: boolean
  readonly reasoningParser?: ReasoningParser
  readonly reasoningField?: 'reasoning' | 'reasoning_content'
  readonly firstTokens?: boolean
  readonly promptTokensDetails?: boolean
  readonly generationConfig?: GenerationConfig
  readonly bos?: string | true
  readonly enableScaleOut?: boolean
  readonly schedulingPolicy?: 'fcfs' | 'priority'
  readonly refusePriority?: boolean
}

const DEFAULT_BOS = '<|begin_of_text|>'

/** Adds the options. */
export function addShapeOptions(command: Command): Command {
  return command
    .optionsGroup('The server and the model that are played:')
    .addOption(
      new Option('--runner <kind>', 'serve only generation or only reward routes; else both').choices([
        'generate',
        'pooling',
      ]),
    )
    .addOption(
      new Option(
        '--reward-shape <shape>',
        'how every reward model answers; else by its name (PRM: process, Skywork-Reward: sequence, RM or reward: token)',
      ).choices(['token', 'process', 'sequence']),
    )
    .option('--think', 'answer as a reasoning model without a parser: a thought and </think> first')
    .option('--harmony', "answer in gpt-oss' harmony format: an analysis channel, then a final one")
    .addOption(
      new Option(
        '--reasoning-parser <name>',
        'split chats into message.reasoning and content; the model thinks (deepseek_r1) or speaks harmony (openai_gptoss)',
      ).choices(['deepseek_r1', 'openai_gptoss']),
    )
    .addOption(
      new Option('--reasoning-field <name>', 'field of the thought; reasoning_content in old releases').choices([
        'reasoning',
        'reasoning_content',
      ]),
    )
    .option('--first-tokens', 'begin problems from a bare prefix with a token drawn at the temperature of the request')
    .option('--prompt-tokens-details', 'tell usage.prompt_tokens_details.cached_tokens (prefix cache, blocks of 16)')
    .addOption(
      new Option(
        '--generation-config <list>',
        'defaults that leak into requests without them, as temperature=0.6,top_p=0.95',
      ).argParser(generationConfig),
    )
    .option('--bos [token]', `the tokenizer adds this token first, and the chat template too (${DEFAULT_BOS})`)
    .option('--enable-scale-out', 'serve the /render routes')
    .addOption(
      new Option(
        '--scheduling-policy <policy>',
        'who of those that wait is next: the first that came, or the lowest priority of the requests',
      ).choices(['fcfs', 'priority']),
    )
    .option('--refuse-priority', 'without that policy a priority is a 400, as in old releases; else it is passed over')
}

/** What the front is told. */
export function frontProtocol(options: ShapeOptions): FrontProtocol {
  return {
    ...(options.runner !== undefined && { runner: options.runner }),
    ...(options.rewardShape !== undefined && { rewardShape: options.rewardShape }),
    ...(options.reasoningParser !== undefined && { reasoningParser: options.reasoningParser }),
    ...(options.reasoningField !== undefined && { reasoningField: options.reasoningField }),
    ...(options.generationConfig !== undefined && { generationConfig: options.generationConfig }),
    promptTokensDetails: options.promptTokensDetails === true,
    scaleOut: options.enableScaleOut === true,
    ...(options.schedulingPolicy !== undefined && { schedulingPolicy: options.schedulingPolicy }),
    ...(options.refusePriority === true && { refusesPriority: true }),
  }
}

/** What the engine is told. Throws a UsageFault with all options that do not go together. */
export function engineShape(options: ShapeOptions): TextEngineOptions {
  const harmony = options.harmony === true || options.reasoningParser === 'openai_gptoss'
  const think = options.think === true || options.reasoningParser === 'deepseek_r1'
  const bos = options.bos === true ? DEFAULT_BOS : options.bos
  const faults: string[] = []
  if (harmony && think)
    faults.push('--harmony and --think are two ways to write a thought: give one of them, and the parser that fits it.')
  if (options.firstTokens === true && options.recording !== undefined)
    faults.push(
      '--first-tokens is for invented problems: a recording begins as it was recorded. Leave one of them out.',
    )
  if (bos !== undefined && !SPECIAL_TOKENS.some(([text]) => text === bos))
    faults.push(`--bos ${bos}: no special token here; give ${DEFAULT_BOS}, <bos>, <s> or <｜begin▁of▁sentence｜>.`)
  if (options.refusePriority === true && options.schedulingPolicy === 'priority')
    faults.push('--refuse-priority is for servers without --scheduling-policy priority: leave one of them out.')
  if (options.reasoningField !== undefined && options.reasoningParser === undefined)
    faults.push('--reasoning-field names where --reasoning-parser puts the thought: give that too.')
  if (faults.length > 0) throw new UsageFault(faults)
  return { harmony, think, firstTokens: options.firstTokens === true, ...(bos !== undefined && { bos }) }
}

function generationConfig(text: string): GenerationConfig {
  const config: Partial<Record<(typeof GENERATION_CONFIG_NAMES)[number], number>> = {}
  for (const part of text.split(',')) {
    const [given = '', value = ''] = part.split('=', 2).map((side) => side.trim())
    const name = GENERATION_CONFIG_NAMES.find((known) => known === given)
    if (name === undefined || value === '' || !Number.isFinite(Number(value))) {
      const names = GENERATION_CONFIG_NAMES.join(', ')
      throw new InvalidArgumentError(`"${part}": give name=number, with commas between, of ${names}.`)
    }
    config[name] = Number(value)
  }
  return config
}

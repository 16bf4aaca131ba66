// The options that say which server is played: what they are read as, and what is wrong about them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { addShapeOptions, engineShape, frontProtocol } from '../../cli/simulate-shapes.ts'
import type { ShapeOptions } from '../../cli/simulate-shapes.ts'
import { UsageFault } from '../../schemas/failure.ts'

function parse(line: string): ShapeOptions {
  const command = addShapeOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  return command.parse(line.split(' '), { from: 'user' }).opts<ShapeOptions>()
}

describe('the server that is played', () => {
  it('is a stock one unless options say more', () => {
    const options = parse('--think')
    assert.deepEqual(frontProtocol(options), { promptTokensDetails: false, scaleOut: false })
    assert.deepEqual(engineShape(options), { think: true, harmony: false, firstTokens: false })
  })

  it('has what its options name; a parser brings the model that it is for', () => {
    const options = parse(
      '--runner generate --reward-shape process --reasoning-parser openai_gptoss --reasoning-field reasoning_content --prompt-tokens-details --generation-config temperature=0.6,top_k=20 --enable-scale-out --bos --first-tokens --scheduling-policy priority',
    )
    assert.deepEqual(frontProtocol(options), {
      runner: 'generate',
      rewardShape: 'process',
      reasoningParser: 'openai_gptoss',
      reasoningField: 'reasoning_content',
      promptTokensDetails: true,
      scaleOut: true,
      generationConfig: { temperature: 0.6, top_k: 20 },
      schedulingPolicy: 'priority',
    })
    assert.equal(frontProtocol(parse('--refuse-priority')).refusesPriority, true)
    assert.deepEqual(engineShape(options), { harmony: true, think: false, firstTokens: true, bos: '<|begin_of_text|>' })
    assert.equal(engineShape(parse('--bos <bos>')).bos, '<bos>')
    assert.equal(engineShape(parse('--reasoning-parser deepseek_r1')).think, true)
  })

  it('is refused with all that is wrong about it', () => {
    for (const [line, message] of [
      ['--reward-shape pairs', /Allowed choices are token, process, sequence/],
      ['--generation-config temperature=hot', /"temperature=hot": give name=number/],
      ['--generation-config temperature=0.6,beams=4', /"beams=4".*temperature, top_p/],
      ['--generation-config temperature=', /give name=number/],
    ] as const)
      assert.throws(() => parse(line), message, line)
    const wrong = {
      ...parse(
        '--harmony --think --first-tokens --bos <|bos|> --reasoning-field reasoning --refuse-priority --scheduling-policy priority',
      ),
      recording: 'x',
    }
    assert.throws(
      () => engineShape(wrong),
      (error) => {
        assert.ok(error instanceof UsageFault)
        assert.match(
          error.message,
          /--harmony and --think[^]+--first-tokens[^]+<\|bos\|>[^]+--refuse-priority[^]+--reasoning-field/,
        )
        return true
      },
    )
  })
})

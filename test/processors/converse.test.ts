// Stage converse with a scripted model: who is asked what, in which order, with which seeds; what is kept of it; and
// every way in which a conversation ends early.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CompletionRequest } from '../../llm/contract.ts'
import { turnSeed } from '../../llm/seeds.ts'
import { promptPrefix, requireTemplate } from '../../llm/templates.ts'
import { type ConverseConfig, converseConfig, createConverse } from '../../processors/converse.ts'
import { createCurate, curateConfig } from '../../processors/curate.ts'
import { openContamination } from '../../processors/screening/contamination-files.ts'
import { screenConfig } from '../../processors/screen.ts'
import { createVerify, verifyConfig } from '../../processors/verify.ts'
import { permanent, transient } from '../../schemas/failure.ts'
import type { Conversation, Conversed, Verified } from '../../schemas/records.ts'
import { createFakeLlm, type Says } from '../support/fake-llm.ts'
import { plainMath } from '../support/plain-math.ts'
import { context, generation, problem, sampled, sharedProblems } from '../support/problems.ts'

const template = requireTemplate('qwen2.5')
const answerer = { system: 'Be brief.', prompt: '{problem} Box it.' }
const curate = curateConfig.parse({})
const screen = screenConfig.parse({})
const contamination = openContamination(screen.contamination)

/** A problem whose answer and samples say these, verified. */
async function verified(answer: string | null, samples: readonly string[]): Promise<Verified> {
  const stage = createVerify({ math: plainMath, config: verifyConfig.parse({}), now: () => 3 })
  const outcome = await stage(sampled(problem('What is $1+1$?'), answer, samples), context())
  assert.ok('emit' in outcome)
  return outcome.emit
}

const RIGHT = '<think>hm</think>It is \\boxed{2}.'

async function conversed(
  says: Says,
  settings: Partial<ConverseConfig> = {},
  record?: Verified,
): Promise<{ record: Conversed; conversation: Conversation; asked: ReturnType<typeof createFakeLlm>['completions'] }> {
  const llm = createFakeLlm(says)
  const stage = createConverse({
    ...{ llm, math: plainMath, curate, answerer, now: () => 9 },
    config: converseConfig.parse({ turns: 3, ...settings }),
    ...{ screen, contamination },
    verify: verifyConfig.parse({}),
    prefix: (past) => promptPrefix(template, { system: 'S', past }),
  })
  const outcome = await stage(record ?? (await verified(RIGHT, ['\\boxed{2}', '\\boxed{3}'])), context())
  assert.ok('emit' in outcome)
  assert.ok(outcome.emit.conversation !== null)
  return { record: outcome.emit, conversation: outcome.emit.conversation, asked: llm.completions }
}

/** Questions and answers in the order in which they are asked for. */
function script(questions: readonly string[], answers: readonly string[]): Says {
  const [left, right] = [[...questions], [...answers]]
  return ({ input }) => {
    const next = ('prompt' in input ? left : right).shift()
    return next === undefined ? [] : [next]
  }
}

const chatml = (role: string, text: string): string => `<|im_start|>${role}\n${text}<|im_end|>\n`
const inputsOf = (asked: readonly { request: CompletionRequest }[]) => asked.map(({ request }) => request.input)

describe('converse', () => {
  it('asks the questioner after each answer by its template, and the answerer with the whole conversation', async () => {
    const { record, conversation, asked } = await conversed(
      script(['And twice that?<|im_end|>', 'And its square?'], ['<think>2*2</think>\\boxed{4}', 'So \\boxed{16}.']),
    )
    const first = [chatml('system', 'S'), chatml('user', 'What is $1+1$?'), chatml('assistant', 'It is \\boxed{2}.')]
    const second = [chatml('user', 'And twice that?'), chatml('assistant', '\\boxed{4}')]
    const open = '<|im_start|>user\n'
    const begun = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is $1+1$? Box it.' },
      { role: 'assistant', content: 'It is \\boxed{2}.' },
      { role: 'user', content: 'And twice that? Box it.' },
    ]
    assert.deepEqual(inputsOf(asked), [
      { prompt: `${first.join('')}${open}` },
      { messages: begun },
      { prompt: `${first.join('')}${second.join('')}${open}` },
      {
        messages: [
          ...begun,
          { role: 'assistant', content: '\\boxed{4}' },
          { role: 'user', content: 'And its square? Box it.' },
        ],
      },
    ])
    assert.deepEqual(
      asked.map(({ request, context: { role, account, rank } }) => [role, account, rank, request.seed]),
      [2, 3].flatMap((turn) => [
        ['questioner', 'questioner:turns', 0, turnSeed('follow-up', record.id, turn, 0)],
        ['answerer', 'answerer:turns', 0, turnSeed('turn', record.id, turn, 0)],
      ]),
    )
    assert.deepEqual(
      { ...conversation, followUps: conversation.followUps.length },
      {
        ...{ version: 'converse@1', responseId: `${record.id}/answer`, wished: 3, followUps: 2 },
        ...{ ended: null, detail: null },
      },
    )
    const [turn] = conversation.followUps
    assert.deepEqual([turn?.id, turn?.question, turn?.chosen], [`${record.id}/turn/2`, 'And twice that?', 0])
    assert.deepEqual(
      [turn?.tries[0]?.text, turn?.tries[0]?.changes],
      ['And twice that?<|im_end|>', ['control-tokens']],
      'the text stays as it came',
    )
    const [answer] = turn?.answers ?? []
    assert.deepEqual(
      [answer?.id, answer?.text, answer?.split, answer?.solution, answer?.finalAnswer],
      [`${record.id}/turn/2/answer/0`, '<think>2*2</think>\\boxed{4}', '2*2', '\\boxed{4}', '4'],
    )
    assert.deepEqual([record.createdAt, record.rewards], [9, []])
  })

  it('shows both models the problem as screening left it, not as it came', async () => {
    const record = await verified(RIGHT, ['\\boxed{2}', '\\boxed{3}'])
    const text = 'What is $1+1$ in the ring of integers?'
    const { asked } = await conversed(
      script(['And twice that?'], ['\\boxed{4}']),
      { turns: 2 },
      { ...record, screening: { ...record.screening, text, changes: ['preamble'] } },
    )
    const [prefix, history] = inputsOf(asked)
    assert.deepEqual(prefix, {
      prompt: `${chatml('system', 'S')}${chatml('user', text)}${chatml('assistant', 'It is \\boxed{2}.')}<|im_start|>user\n`,
    })
    assert.ok(history !== undefined && 'messages' in history)
    assert.equal(history.messages[1]?.content, `${text} Box it.`)
  })

  it('pays for no turn of a problem without an answer that curation would choose', async () => {
    const wrong = await verified('\\boxed{5}', ['\\boxed{2}', '\\boxed{3}'])
    const { conversation, asked } = await conversed(() => ['And?'], {}, wrong)
    assert.deepEqual(asked, [])
    assert.deepEqual(
      { responseId: conversation.responseId, followUps: conversation.followUps, ended: conversation.ended },
      { responseId: null, followUps: [], ended: 'no-majority' },
    )
  })

  it('goes on from the response that curation chooses, and only there curation adds the turns', async () => {
    const { record } = await conversed(script(['And twice that?', 'Thanks!'], ['\\boxed{4}']), { tries: 1 })
    const rowOf = async (of: Conversed, config = curate) => {
      const outcome = await createCurate({ config, now: () => 10 })(of, context())
      assert.ok('emit' in outcome && outcome.emit.sft !== null)
      return outcome.emit.sft
    }
    const row = await rowOf(record)
    assert.deepEqual(row.conversations, [
      { from: 'human', value: 'What is $1+1$?' },
      { from: 'gpt', value: '<think>\nhm\n</think>\n\nIt is \\boxed{2}.' },
      { from: 'human', value: 'And twice that?' },
      { from: 'gpt', value: '\\boxed{4}' },
    ])
    assert.deepEqual(
      [row.turns, row.conversationEnded, row.furtherPromptTokens, row.furtherCompletionTokens],
      [2, 'no-question', 30, 60],
      'two tries and an answer were paid',
    )
    assert.deepEqual(row.usage, { promptTokens: 10, completionTokens: 20 })
    const conversation = { ...record.conversation!, responseId: `${record.id}/sample/0` }
    const other = await rowOf({ ...record, conversation })
    assert.deepEqual(
      [other.turns, other.conversations.length, other.conversationEnded, other.furtherPromptTokens],
      [1, 2, 'other-response', 0],
    )
    const none = await rowOf({ ...record, conversation: null })
    assert.deepEqual([none.turns, none.conversations.length, none.conversationEnded], [1, 2, null])
  })

  it('tries a refused question again with another seed, and says the rule when all are refused', async () => {
    const refused = ['what is  $1+1$?', 'Thanks a lot.', 'And twice that?']
    const { conversation, asked, record } = await conversed(script(refused, ['\\boxed{4}', '\\boxed{8}']), { turns: 2 })
    const tries = conversation.followUps[0]?.tries ?? []
    assert.deepEqual(
      tries.map(({ refusal }) => refusal),
      ['repeated-question', 'no-question', null],
    )
    assert.deepEqual(
      asked.slice(0, 3).map(({ request }) => request.seed),
      [0, 1, 2].map((attempt) => turnSeed('follow-up', record.id, 2, attempt)),
    )
    assert.equal(conversation.ended, null)

    const cut = (text: string) => [{ text, reasoning: null, generation: generation({ finishReason: 'length' }) }]
    const { conversation: none } = await conversed(() => cut('And what would happen if the'), { tries: 2 })
    assert.equal(none.ended, 'unfinished')
    assert.match(none.detail ?? '', /turn 2, 2 tries; the last: the model was stopped \(length\)/)
    assert.deepEqual(
      none.followUps.map(({ question, tries: all, answers, chosen }) => [question, all.length, answers, chosen]),
      [[null, 2, [], null]],
    )
  })

  const { lines, skip } = sharedProblems('benchmarks/gsm8k_test.jsonl')
  it('asks no problem of a benchmark, and keeps which one the questioner wrote', { skip }, async () => {
    const planted = lines.slice(0, 200)
    for (const [place, { problem: text }] of planted.entries()) {
      const { conversation } = await conversed(script([`And now: ${text}`, 'And twice that?'], ['\\boxed{4}']), {
        turns: 2,
      })
      const [turn] = conversation.followUps
      assert.deepEqual(
        turn?.tries.map(({ refusal, collidedWith }) => [refusal, collidedWith]),
        [
          ['contaminated', `gsm8k/${place}`],
          [null, null],
        ],
      )
      assert.match(turn.tries[0]?.detail ?? '', /^holds \d+ % of the benchmark problem gsm8k\/\d+$/)
      assert.equal(turn.question, 'And twice that?')
    }
    const only = [planted[0]!.problem]
    const { conversation } = await conversed(script(only, []), { tries: 1 })
    assert.equal(conversation.ended, 'contaminated')
    assert.match(conversation.detail ?? '', /turn 2, 1 tries; the last: holds 100 % of the benchmark problem gsm8k\/0/)
  })

  it('takes short questions that refer to what stands before', async () => {
    for (const question of ['And why?', 'and what if it were 3?', 'So is it even?', 'How would it change for $n=5$?']) {
      const { conversation } = await conversed(script([question], ['\\boxed{1}']), { turns: 2, tries: 1 })
      assert.equal(conversation.followUps[0]?.question, question)
    }
  })

  it('ends before a turn whose answer did not come to its end, and keeps what was said', async () => {
    const cases: [string, string, string][] = [
      ['So it', 'length', 'answer-unfinished'],
      ['<think>hm', 'stop', 'thought-unfinished'],
    ]
    for (const [text, finishReason, ended] of cases) {
      const { conversation } = await conversed(({ input }) =>
        'prompt' in input ? ['And twice that?'] : [{ text, reasoning: null, generation: generation({ finishReason }) }],
      )
      assert.equal(conversation.ended, ended)
      const [turn, ...more] = conversation.followUps
      assert.deepEqual([turn?.chosen, turn?.answers[0]?.text, more], [null, text, []])
    }
  })

  it('keeps a turn of several votes where more than half agree, with the first of the winners', async () => {
    const { conversation, asked, record } = await conversed(
      script(['And twice that?'], ['\\boxed{5}', '\\boxed{4}', 'Again \\boxed{4}']),
      { turns: 2, votes: 3 },
    )
    const [turn] = conversation.followUps
    assert.deepEqual([turn?.chosen, turn?.winningShare, conversation.ended], [1, 2 / 3, null])
    assert.deepEqual(
      turn?.answers.map(({ answerClass }) => answerClass),
      [1, 0, 0],
    )
    const votes = asked.filter(({ context: { role } }) => role === 'answerer')
    assert.deepEqual(
      votes.map(({ request }) => [request.seed, request.sampling?.temperature]),
      [
        [turnSeed('turn', record.id, 2, 0), undefined],
        [turnSeed('turn', record.id, 2, 1), 0.7],
        [turnSeed('turn', record.id, 2, 2), 0.7],
      ],
      'the first is as cool as the role, or all would be one text',
    )
    const split = await conversed(script(['And twice that?'], ['\\boxed{5}', '\\boxed{4}']), { votes: 2 })
    assert.deepEqual([split.conversation.ended, split.conversation.followUps[0]?.chosen], ['answers-disagree', null])
    assert.match(split.conversation.detail ?? '', /1 of 2 answers agree/)
  })

  it('lets no text forge a turn', async () => {
    const { asked } = await conversed(
      script(['And twice that?', 'And its square?'], ['\\boxed{4}<|im_end|>', '\\boxed{16}']),
    )
    const [, , question, answer] = inputsOf(asked)
    assert.ok(question !== undefined && 'prompt' in question && question.prompt.includes('\\boxed{4}< |im_end|>'))
    assert.ok(answer !== undefined && 'messages' in answer)
    assert.equal(answer.messages[4]?.content, '\\boxed{4}< |im_end|>')
  })

  it('ends where the context is full; other failures are the call’s', async () => {
    const full = permanent('context-length', 'too long')
    const { conversation } = await conversed(() => Promise.reject(full))
    assert.deepEqual([conversation.ended, conversation.followUps[0]?.tries], ['context-too-long', []])
    const later = await conversed(({ input }) => ('prompt' in input ? ['And twice that?'] : Promise.reject(full)))
    assert.deepEqual(
      [later.conversation.ended, later.conversation.followUps[0]?.question],
      ['context-too-long', 'And twice that?'],
    )
    for (const failure of [permanent('bad-request', 'no'), transient('closed', 'over')])
      await assert.rejects(
        conversed(() => Promise.reject(failure)),
        { code: failure.code },
      )
  })
})

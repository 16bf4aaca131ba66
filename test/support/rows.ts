// Records and messages for sink tests: a whole problem's way, framed as on the log.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Codec } from '../../schemas/codec.ts'
import { preferenceId, problemId, rejectionId, responseId, sftId, turnAnswerId, turnId } from '../../schemas/ids.ts'
import type {
  Conversed,
  FollowUp,
  Generation,
  PreferenceRecord,
  Problem,
  Records,
  RecordName,
  Rejection,
  Response,
  Rewarded,
  RunRecord,
  RunStart,
  SftRecord,
} from '../../schemas/records.ts'
import type { Delivered } from '../../stream/delivered.ts'

export const RUN = 'test-run'
export const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-sinks-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export function generation(over: Partial<Generation> = {}): Generation {
  return {
    role: 'sampler',
    model: 'Org/some-model',
    endpoint: 'http://127.0.0.1:8000/v1',
    template: null,
    promptHash: 'ab12',
    temperature: 0.7,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    maxTokens: 1024,
    seed: 9_007_199_254_740_000,
    finishReason: 'stop',
    stopReason: null,
    promptTokens: 20,
    completionTokens: 100,
    milliseconds: 1500,
    attempts: 1,
    cachedTokens: 5,
    firstTemperature: null,
    continuations: 0,
    usd: 0.25,
    mannerHash: '0123456789ab',
    keptFrom: null,
    ...over,
  }
}

export function problem(slot: number, over: Partial<Problem> = {}): Problem {
  return {
    id: problemId(RUN, slot, 0),
    runId: RUN,
    revision: 'main',
    createdAt: EPOCH + slot,
    slot,
    choice: 0,
    text: `What is ${slot} + 1?\n"quoted" \\frac{1}{2} ünï 数; -- '`,
    source: 'magpie',
    sourceFile: null,
    sourceLine: null,
    referenceAnswer: null,
    opener: 'What',
    controlTask: 'math',
    generation: generation({ role: 'questioner', template: 'qwen2.5-math', promptTokens: 5, completionTokens: 30 }),
    metadata: { level: '1' },
    ...over,
  }
}

export function rewarded(slot: number, samples = 8, over: Partial<Rewarded> = {}): Rewarded {
  const of = problem(slot)
  const responses: Response[] = Array.from({ length: samples }, (_, index) => ({
    id: responseId(of.id, 'sample', index),
    kind: 'sample',
    index,
    text: `${'So it goes. '.repeat(60)}\\boxed{${slot + 1}}`,
    reasoning: null,
    generation: generation({ seed: index }),
  }))
  const answer: Response = {
    id: responseId(of.id, 'answer'),
    kind: 'answer',
    index: 0,
    text: `<think>hm</think>\\boxed{${slot + 1}}`,
    reasoning: null,
    generation: generation({ role: 'answerer' }),
  }
  const all = [answer, ...responses]
  return {
    id: of.id,
    runId: RUN,
    revision: 'main',
    createdAt: EPOCH + 10_000 + slot,
    problem: of,
    screening: {
      version: 'screen@1',
      text: `What is ${slot} + 1?`,
      changes: ['trimmed'],
      language: 'en',
      embedding: null,
    },
    tags: {
      version: 'tag@1',
      difficulty: 'easy',
      quality: 'good',
      qualityExplanation: 'clear',
      category: 'arithmetic',
      otherCategories: ['algebra'],
      language: 'en',
      safety: 'safe',
      intent: null,
      knowledge: null,
      generation: generation({ role: 'tagger', model: 'judge-model' }),
    },
    answer,
    samples: responses,
    verification: {
      version: 'verify@1',
      against: 'vote',
      referenceAnswer: null,
      verdicts: all.map((response, index) => ({
        responseId: response.id,
        complete: true,
        thought: index === 0 ? 'closed' : 'none',
        reasoning: index === 0 ? 'hm' : null,
        solution: `\\boxed{${slot + 1}}`,
        finalAnswer: String(slot + 1),
        answerClass: 0,
        voteShare: 1,
        verdict: index % 4 === 3 ? 'different' : 'equal',
        reason: 'exact',
      })),
      classes: [{ answer: String(slot + 1), size: all.length }],
      winningAnswer: String(slot + 1),
      winningShare: 1,
      passRate: 0.75,
    },
    judging: null,
    rewards: all.flatMap((response, index) => [
      {
        responseId: response.id,
        name: 'agreement',
        version: 'agreement@1',
        value: 1,
        steps: [],
        error: null,
        model: null,
        endpoint: null,
        tokens: 0,
        milliseconds: 0,
        attempts: 1,
        usd: null,
        detail: null,
        keptFrom: null,
      },
      {
        responseId: response.id,
        name: 'rm',
        version: 'token-rm@1',
        value: index === 1 ? null : index / 10,
        steps: [0.5, 0.25],
        error: index === 1 ? 'context-too-long' : null,
        model: 'reward-model',
        endpoint: 'http://127.0.0.1:8001',
        tokens: 120,
        milliseconds: 250,
        attempts: 1,
        usd: 0.125,
        detail: null,
        keptFrom: null,
      },
    ]),
    ...over,
  }
}

/**
 * A rewarded problem that a judge saw: two responses of unknown verdict that it finds equal, by one call, and one of
 * those that symbols find different, which it finds equal too.
 */
export function judged(slot: number): Rewarded {
  const record = rewarded(slot)
  const { verification } = record
  const [first, second] = [4, 5]
  const verdicts = verification.verdicts.map((verdict, index) =>
    index === first || index === second
      ? {
          ...verdict,
          finalAnswer: 'the same',
          answerClass: 1,
          voteShare: 0,
          verdict: 'unknown' as const,
          reason: 'parse-failed',
        }
      : verdict,
  )
  const ruled = {
    answer: 'the same',
    reference: String(slot + 1),
    verdict: 'equal',
    error: null,
    detail: null,
  } as const
  const call = generation({ role: 'judge', model: 'judge-model' })
  return {
    ...record,
    verification: { ...verification, verdicts, passRate: 0.5 },
    judging: {
      version: 'judge@1',
      against: 'vote',
      judgements: [
        {
          ...ruled,
          responseIds: [verdicts[first]!.responseId, verdicts[second]!.responseId],
          explanation: 'another word for it',
          symbolicVerdict: 'unknown',
          symbolicReason: 'parse-failed',
          generation: call,
        },
        {
          ...ruled,
          responseIds: [verdicts[3]!.responseId],
          explanation: 'it is the same',
          symbolicVerdict: 'different',
          symbolicReason: 'exact',
          generation: call,
        },
      ],
    },
  }
}

/** A conversation of two turns that goes on from the answer; the third turn found no agreement. */
export function conversed(slot: number, over: Partial<Conversed> = {}): Conversed {
  const of = problem(slot)
  const question = (text: string, refusal: string | null): FollowUp['tries'][number] => ({
    text: `${text}<|im_end|>`,
    cleaned: text,
    changes: ['control-tokens'],
    refusal,
    collidedWith: null,
    detail: refusal === null ? null : 'seen',
    generation: generation({ role: 'questioner:turns', seed: 3 }),
  })
  const answer = (turn: number, index: number, final: string): FollowUp['answers'][number] => ({
    id: turnAnswerId(of.id, turn, index),
    index,
    text: `<think>so</think>\\boxed{${final}}`,
    reasoning: null,
    thought: 'closed',
    complete: true,
    split: 'so',
    solution: `\\boxed{${final}}`,
    finalAnswer: final,
    answerClass: index,
    generation: generation({ role: 'answerer:turns', seed: index }),
  })
  return {
    ...rewarded(slot),
    createdAt: EPOCH + 15_000 + slot,
    conversation: {
      version: 'converse@1',
      responseId: responseId(of.id, 'answer'),
      wished: 3,
      followUps: [
        {
          id: turnId(of.id, 2),
          turn: 2,
          question: 'And twice that?',
          tries: [question('Thanks.', 'no-question'), question('And twice that?', null)],
          answers: [answer(2, 0, '4')],
          chosen: 0,
          winningShare: null,
        },
        {
          id: turnId(of.id, 3),
          turn: 3,
          question: 'And its square?',
          tries: [question('And its square?', null)],
          answers: [answer(3, 0, '16'), answer(3, 1, '8')],
          chosen: null,
          winningShare: 0.5,
        },
      ],
      ended: 'answers-disagree',
      detail: '1 of 2 answers agree',
    },
    ...over,
  }
}

export function sft(slot: number, over: Partial<SftRecord> = {}): SftRecord {
  const of = problem(slot)
  return {
    id: sftId(of.id),
    runId: RUN,
    revision: 'main',
    createdAt: EPOCH + 20_000 + slot,
    problemId: of.id,
    instruction: of.text,
    reasoning: 'hm',
    response: `It is \\boxed{${slot + 1}}.`,
    conversations: [
      { from: 'human', value: of.text },
      { from: 'gpt', value: `It is \\boxed{${slot + 1}}.` },
    ],
    responseId: responseId(of.id, 'answer'),
    model: 'Org/some-model',
    questionModel: 'Org/some-model',
    source: 'magpie',
    finalAnswer: String(slot + 1),
    referenceAnswer: null,
    verdict: 'equal',
    verdictReason: 'exact',
    symbolicVerdict: 'equal',
    judgeVerdict: null,
    voteShare: 1,
    reward: 0.8,
    rewardName: 'rm',
    rewards: { rm: 0.8, agreement: 1 },
    difficulty: 'easy',
    quality: 'good',
    qualityExplanation: 'clear',
    category: 'arithmetic',
    otherCategories: ['algebra'],
    language: 'en',
    safety: 'safe',
    intent: 'A sum.',
    knowledge: null,
    usage: { promptTokens: 20, completionTokens: 100 },
    problemGeneration: of.generation,
    generation: generation({ role: 'answerer' }),
    version: 'curate@2',
    pairRefusal: null,
    turns: 1,
    furtherPromptTokens: 0,
    furtherCompletionTokens: 0,
    conversationEnded: null,
    passRate: 0.75,
    passRateDifficulty: 'easy',
    sftDropped: { 'refusal-phrase': 1 },
    pairDropped: {},
    ...over,
  }
}

export function preference(slot: number, over: Partial<PreferenceRecord> = {}): PreferenceRecord {
  const of = problem(slot)
  return {
    id: preferenceId(of.id),
    runId: RUN,
    revision: 'main',
    createdAt: EPOCH + 20_000 + slot,
    problemId: of.id,
    instruction: of.text,
    chosen: 'right',
    rejected: 'wrong',
    chosenId: responseId(of.id, 'sample', 0),
    rejectedId: responseId(of.id, 'sample', 3),
    chosenReward: 0.9,
    rejectedReward: 0.1,
    margin: 0.8,
    rewardName: 'rm',
    chosenVerdict: 'equal',
    rejectedVerdict: 'different',
    chosenModel: 'Org/some-model',
    rejectedModel: 'Org/some-model',
    chosenReasoning: null,
    rejectedReasoning: null,
    questionModel: null,
    source: 'magpie',
    referenceAnswer: null,
    difficulty: null,
    quality: null,
    qualityExplanation: null,
    category: null,
    otherCategories: [],
    language: 'en',
    safety: null,
    intent: null,
    knowledge: null,
    problemGeneration: null,
    chosenGeneration: generation(),
    rejectedGeneration: generation(),
    version: 'curate@2',
    sftRefusal: null,
    strategy: 'correctness',
    chosenRewards: { rm: 0.9 },
    rejectedRewards: { rm: 0.1 },
    passRate: 0.75,
    passRateDifficulty: 'easy',
    sftDropped: {},
    pairDropped: {},
    ...over,
  }
}

export function rejection(slot: number, over: Partial<Rejection> = {}): Rejection {
  const of = problem(slot)
  return {
    id: rejectionId(of.id),
    runId: RUN,
    revision: 'main',
    createdAt: EPOCH + 5000 + slot,
    problemId: of.id,
    stage: 'screen',
    reason: 'exact-duplicate',
    detail: 'the same text',
    collidedWith: problemId(RUN, 0, 0),
    curation: null,
    topic: 'problems',
    partition: 0,
    offset: slot,
    record: Buffer.from('as it was'),
    ...over,
  }
}

/** The state of the run, some milliseconds after its beginning. */
export function runRecord(state: RunRecord['state'], after: number): RunRecord {
  return {
    id: `${RUN}/main`,
    runId: RUN,
    revision: 'main',
    createdAt: EPOCH + after,
    state,
    config: '{}',
    configHash: 'cd34',
    startedAt: EPOCH,
    finishedAt: null,
    host: 'here',
    pid: 1,
    version: '0.1.0',
    endedBy: 'tokens',
  }
}

/** A process that began some milliseconds after the run's beginning. */
export function runStart(after: number): RunStart {
  const place = { id: `${RUN}/main/here-1-${after}`, runId: RUN, revision: 'main', createdAt: EPOCH + after }
  const process = { parts: ['answer'], host: 'here', pid: 1, version: '0.1.0', clickhouse: 'http://a:8123/magpie' }
  return { ...place, ...process, config: '{}', configHash: 'cd34' }
}

/** A problem that stage answer could not take. at: milliseconds since 1970 UTC. */
export function deadLetter(slot: number, at = EPOCH): Delivered {
  return {
    topic: 'dead-letters',
    partition: 1,
    offset: BigInt(slot),
    timestamp: at,
    key: problem(slot).id,
    value: Buffer.from([1, 2, 3]),
    headers: {
      'magpie.run': RUN,
      'magpie.revision': 'main',
      'magpie.config': 'cd34',
      '__connect.errors.topic': 'screened',
      '__connect.errors.partition': '2',
      '__connect.errors.offset': String(slot),
      '__connect.errors.stage': 'answer',
      '__connect.errors.exception.message': 'context too long',
      'magpie.code': 'context-too-long',
      'magpie.attempts': '1',
    },
  }
}

/** A message as a sink gets it. */
export function message<Name extends RecordName>(
  codec: Codec,
  topic: string,
  name: Name,
  record: Records[Name],
  offset: number,
  partition = 0,
): Delivered {
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestamp: EPOCH,
    key: 'problemId' in record ? record.problemId : record.id,
    value: codec.encode(name, record),
    headers: { 'magpie.run': RUN, 'magpie.revision': 'main', 'magpie.config': 'cd34' },
  }
}

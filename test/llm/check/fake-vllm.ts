// A server whose tokenizer, template and replies a test sets wrong in one place. Tokens are the listed control tokens
// and single characters.

import { type Answer, type Request, startServer, type TestServer } from '../../support/recorded-vllm.ts'

export interface FakeVllm {
  readonly models?: readonly { id: string; max_model_len?: number }[]
  readonly version?: string | null
  /** Text and id of each control token. */
  readonly tokens: Readonly<Record<string, number>>
  /** The chat template. */
  readonly render: (messages: readonly { role: string; content: string }[]) => string
  /** Id that is put before raw prompts unless add_special_tokens is false. */
  readonly bos?: number
  /** Puts it there in any case. */
  readonly stubborn?: boolean
  /** Reply of a chat. */
  readonly says?: { content: string | null; reasoning?: string }
  /** Replies of /pooling and /classify, by the number of the call. */
  readonly pooling?: (call: number) => { data: unknown; tokens: number }
  readonly classify?: (call: number) => number
  /** Vector of a text. */
  readonly embeds?: (text: string) => unknown
  /** A priority is a 400. */
  readonly refusesPriority?: boolean
  /** Paths that are not there. */
  readonly missing?: readonly string[]
}

export function startFakeVllm(fake: FakeVllm): Promise<TestServer> {
  let scored = 0
  const ids = new Map(Object.entries(fake.tokens))
  const texts = new Map(Object.entries(fake.tokens).map(([text, id]) => [id, text]))
  const control = new RegExp(
    `(${[...ids.keys()].map((text) => text.replace(/[[\]|\\/<>.*+?^${}()]/g, '\\$&')).join('|')})`,
  )
  const tokenize = (text: string): number[] =>
    text
      .split(control)
      .flatMap((part) => ids.get(part) ?? Array.from(part, (character) => 1_000_000 + character.codePointAt(0)!))
  const raw = (prompt: string, special: unknown): number[] => {
    const bare = tokenize(prompt)
    return fake.bos !== undefined && special !== false ? [fake.bos, ...bare] : bare
  }
  const textOf = (id: number): string => texts.get(id) ?? (id > 1_000_000 ? String.fromCodePoint(id - 1_000_000) : '')
  const choice = { index: 0, finish_reason: 'length', stop_reason: null }

  const vectors = (texts: readonly string[], name: string): Answer => ({
    body: {
      data: texts.map((text, index) => ({ index, [name]: fake.embeds!(text) })),
      usage: { prompt_tokens: texts.length },
    },
  })

  const answer = ({ path, body }: Request): Answer => {
    if (fake.missing?.includes(path) === true) return { status: 404, body: { detail: 'Not Found' } }
    if (fake.refusesPriority === true && 'priority' in body)
      return { status: 400, body: { error: { message: 'Got priority -1 but Priority scheduling is not enabled.' } } }
    const messages = body['messages'] as { role: string; content: string }[] | undefined
    switch (path) {
      case '/v1/models':
        return { body: { data: fake.models ?? [{ id: 'm', max_model_len: 8192 }] } }
      case '/version':
        return { body: { version: fake.version ?? '0.32.0' } }
      case '/tokenize': {
        const tokens =
          messages === undefined
            ? raw(body['prompt'] as string, body['add_special_tokens'])
            : tokenize(fake.render(messages))
        return { body: { tokens, count: tokens.length, max_model_len: 8192 } }
      }
      case '/detokenize':
        return { body: { prompt: (body['tokens'] as number[]).map(textOf).join('') } }
      case '/v1/completions': {
        const special = fake.stubborn === true ? true : body['add_special_tokens']
        const tokens = raw(body['prompt'] as string, special).length
        return { body: { choices: [{ ...choice, text: 'x' }], usage: { prompt_tokens: tokens, completion_tokens: 1 } } }
      }
      case '/v1/chat/completions':
        return {
          body: {
            choices: [{ ...choice, message: fake.says ?? { content: 'Adding' } }],
            usage: { prompt_tokens: 9, completion_tokens: 1 },
          },
        }
      case '/v1/embeddings':
        return vectors(body['input'] as string[], 'embedding')
      case '/pooling': {
        if (body['task'] === 'embed') return vectors(body['input'] as string[], 'data')
        const { data, tokens } = fake.pooling!(scored++)
        return { body: { data: [{ data }], usage: { prompt_tokens: tokens } } }
      }
      case '/classify':
        return { body: { data: [{ probs: [fake.classify!(scored++)] }], usage: { prompt_tokens: 20 } } }
      default:
        return { status: 404, body: { detail: 'Not Found' } }
    }
  }
  return startServer(answer)
}

/** ChatML with Qwen's ids. */
export const CHATML: FakeVllm = {
  tokens: { '<|im_start|>': 151644, '<|im_end|>': 151645, '<|endoftext|>': 151643 },
  render: (messages) =>
    `${messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join('')}<|im_start|>assistant\n`,
}

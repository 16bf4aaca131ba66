// The control tokens of known chat templates, as they look when they leak into a text. Promises: ordinary
// mathematics such as |a|<|b|>0 does not look like one.

const CONTROL = [
  // ChatML, Llama 3, Phi, GLM and their kin: <|im_end|>, <|start_header_id|>, <|reserved_special_token_12|>
  String.raw`<\|(?:[a-z]{2,}(?:_[a-z0-9]+)+|endoftext|endofprompt|assistant|system|user|end|observation|channel|message|start|return|call|constrain|pad|sep|eom|fim_\w+)\|>`,
  // DeepSeek: full-width bars, U+2581 between words
  String.raw`<｜[^｜<>\n]{1,40}｜>`,
  // Gemma, Llama 2, Mistral
  String.raw`<(?:start|end)_of_turn>`,
  String.raw`\[/?INST\]`,
  String.raw`<</?SYS>>`,
  String.raw`\[/?(?:SYSTEM_PROMPT|THINK)\]`,
  String.raw`</s>`,
  // GLM
  String.raw`\[gMASK\]`,
  String.raw`<sop>`,
  String.raw`<(?:bos|eos|unk|pad)>`,
  // thoughts, steps, tools
  String.raw`</?think>`,
  String.raw`</?tool_(?:call|response)>`,
  String.raw`<extra_\d>`,
].join('|')

const TOKENS = new RegExp(CONTROL, 'gi')

export interface ControlToken {
  readonly token: string
  /** Place in the text, in UTF-16 units. */
  readonly index: number
}

/** Every control token of a text, in order. */
export function findControlTokens(text: string): ControlToken[] {
  // Most texts have none, and this says so without an iterator.
  if (text.search(TOKENS) === -1) return []
  return [...text.matchAll(TOKENS)].map((match) => ({ token: match[0], index: match.index }))
}

/**
 * The text with a blank inside each control token, so that a server which reads tokens out of the contents of
 * messages (vLLM does) sees words: `<|im_end|>` becomes `< |im_end|>`.
 */
export function withoutControlTokens(text: string): string {
  return text.replace(TOKENS, (token) => `${token[0] ?? ''} ${token.slice(1)}`)
}

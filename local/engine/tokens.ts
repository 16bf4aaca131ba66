// The stand-in's tokenizer: no vocabulary file, yet every text has token ids, and detokenize(tokenize(x)) === x.
// A piece is up to 4 ASCII characters of one kind (a space may lead letters), one other character, `**`, or a special
// token; its id is computed from the piece itself, so ids are the same in every version and on every machine.
// Special tokens carry the ids of the models that own them (stop_token_ids of a config then work), where those do
// not clash. Ids between the special ones and FIRST_PIECE belong to nobody.

/** Marks of gpt-oss' harmony format: a server that skips special tokens leaves them out of what it shows. */
export const HARMONY_TOKENS: readonly (readonly [text: string, id: number])[] = [
  ['<|start|>', 200006],
  ['<|end|>', 200007],
  ['<|message|>', 200008],
  ['<|channel|>', 200005],
  ['<|constrain|>', 200003],
  ['<|return|>', 200002],
  ['<|call|>', 200012],
]

/** The token that steps end with where a process reward model reads them (Qwen2.5-Math-PRM). */
export const STEP_MARK = '<extra_0>'

/** Text and id of each special token: DeepSeek, Llama 3, Qwen, Gemma, Phi, Granite, gpt-oss. */
export const SPECIAL_TOKENS: readonly (readonly [text: string, id: number])[] = [
  ['<｜begin▁of▁sentence｜>', 0],
  ['<｜end▁of▁sentence｜>', 1],
  ['<｜▁pad▁｜>', 2],
  ['<｜User｜>', 128803],
  ['<｜Assistant｜>', 128804],
  ['<think>', 128798],
  ['</think>', 128799],
  ['<|begin_of_text|>', 128000],
  ['<|end_of_text|>', 128001],
  ['<|start_header_id|>', 128006],
  ['<|end_header_id|>', 128007],
  ['<|eom_id|>', 128008],
  ['<|eot_id|>', 128009],
  ['<|endoftext|>', 151643],
  ['<|im_start|>', 151644],
  ['<|im_end|>', 151645],
  [STEP_MARK, 151651],
  ['<start_of_turn>', 106],
  ['<end_of_turn>', 107],
  ['<bos>', 203],
  ['<eos>', 201],
  ['<s>', 204],
  ['</s>', 205],
  ['<|system|>', 32006],
  ['<|user|>', 32010],
  ['<|assistant|>', 32001],
  ['<|im_sep|>', 100266],
  ['<|start_of_role|>', 49152],
  ['<|end_of_role|>', 49153],
  ...HARMONY_TOKENS,
]

/** The token that ends what the stand-in says, and the one that ends it where it speaks harmony. */
export const END_TOKEN = 151645
export const HARMONY_END_TOKEN = 200002

/** Characters of the longest token. */
export const LONGEST_TOKEN = Math.max(...SPECIAL_TOKENS.map(([text]) => text.length))

const FIRST_PIECE = 1_000_000
const FIRST_CHARACTER = 300_000_000
/** Where pieces of 1, 2, 3, 4 ASCII characters begin: 128 ** length ids each. */
const STARTS = [0, FIRST_PIECE]
for (let length = 1; length <= 4; length += 1) STARTS.push(STARTS[length]! + 128 ** length)

const SPECIAL_BY_ID = new Map(SPECIAL_TOKENS.map(([text, id]) => [id, text]))

const LETTER = 1
const DIGIT = 2
const NEWLINE = 3
/** Kind of each ASCII character: pieces hold one kind; 0 stands alone. */
const KIND = new Uint8Array(128)
for (let code = 0; code < 128; code += 1) {
  const character = String.fromCharCode(code)
  if (/[A-Za-z]/.test(character)) KIND[code] = LETTER
  else if (/[0-9]/.test(character)) KIND[code] = DIGIT
  else if (character === '\n') KIND[code] = NEWLINE
}

/** Index after the piece that starts at `at`. */
function pieceEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === 60) {
    const special = specialAt(text, at)
    if (special !== undefined) return at + special[0].length
  }
  if (first > 127) return at + (text.codePointAt(at)! > 0xffff ? 2 : 1)
  let kind = KIND[first]!
  let end = at + 1
  if (first === 32 && end < text.length && KIND[text.charCodeAt(end)] === LETTER) kind = LETTER
  // Bold of Markdown is one token in every large vocabulary, and one that a problem may begin with.
  if (first === 42 && text.charCodeAt(end) === 42) return end + 1
  if (kind === 0) return end
  const most = Math.min(text.length, at + (kind === DIGIT ? 3 : 4))
  while (end < most && KIND[text.charCodeAt(end)] === kind) end += 1
  return end
}

function specialAt(text: string, at: number): readonly [string, number] | undefined {
  for (const special of SPECIAL_TOKENS) if (text.startsWith(special[0], at)) return special
  return undefined
}

function pieceId(text: string, from: number, to: number): number {
  const first = text.charCodeAt(from)
  if (first === 60 && to - from > 1) return specialAt(text, from)![1]
  if (first > 127) return FIRST_CHARACTER + text.codePointAt(from)!
  let value = 0
  for (let at = from; at < to; at += 1) value = value * 128 + text.charCodeAt(at)
  return STARTS[to - from]! + value
}

/** Token ids of a text; special tokens in it are single ids. */
export function tokenize(text: string): number[] {
  const ids: number[] = []
  for (let at = 0; at < text.length;) {
    const end = pieceEnd(text, at)
    ids.push(pieceId(text, at, end))
    at = end
  }
  return ids
}

/** How many tokens a text has, without making them. */
export function countTokens(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; count += 1) at = pieceEnd(text, at)
  return count
}

/** Index in the text after its first `count` tokens (its length when it has fewer). */
export function endOfTokens(text: string, count: number): number {
  let at = 0
  for (let seen = 0; seen < count && at < text.length; seen += 1) at = pieceEnd(text, at)
  return at
}

/** The texts of a text's tokens, in order. */
export function pieces(text: string): string[] {
  const list: string[] = []
  for (let at = 0; at < text.length;) {
    const end = pieceEnd(text, at)
    list.push(text.slice(at, end))
    at = end
  }
  return list
}

/** Whether an id stands for a token. */
export function knowsToken(id: number): boolean {
  return tokenText(id) !== ''
}

/** The text of ids; ids that stand for nothing are left out, as vLLM does. */
export function detokenize(ids: readonly number[]): string {
  let text = ''
  for (const id of ids) text += tokenText(id)
  return text
}

function tokenText(id: number): string {
  const special = SPECIAL_BY_ID.get(id)
  if (special !== undefined) return special
  if (!Number.isInteger(id) || id < FIRST_PIECE) return ''
  if (id >= FIRST_CHARACTER) {
    const code = id - FIRST_CHARACTER
    return code > 127 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  }
  for (let length = 4; length >= 1; length -= 1) {
    if (id < STARTS[length]!) continue
    let value = id - STARTS[length]!
    let text = ''
    for (let left = length; left > 0; left -= 1) {
      text = String.fromCharCode(value % 128) + text
      value = Math.floor(value / 128)
    }
    return value === 0 ? text : ''
  }
  return ''
}

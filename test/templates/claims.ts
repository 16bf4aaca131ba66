// Where each entry of configs/model_configs.json is held against a model's own chat template, and against which
// tokenizer its stops. An entry that is not here cannot be compared and stays `recalled`.

import type { PackageName } from './packages.ts'

export interface Claim {
  readonly entry: string
  /** Where the model's template lies; see templateAt. */
  readonly at: string
  /** The template writes blanks before everything where a system text is given: an accident that the entry leaves out. */
  readonly leadingBlanks?: true
}

export const CLAIMS: readonly Claim[] = [
  { entry: 'smollm2', at: 'ollama-utils:library/smollm2:135m' },
  { entry: 'smollm3', at: 'llama.cpp:HuggingFaceTB-SmolLM3-3B.jinja' },
  { entry: 'deepseek-r1', at: 'xinference:deepseek-r1' },
  { entry: 'deepseek-r1-0528', at: 'xinference:deepseek-r1-0528' },
  { entry: 'deepseek-r1-0528-qwen3', at: 'xinference:deepseek-r1-0528-qwen3' },
  { entry: 'deepseek-r1-distill-qwen', at: 'trl:deepseek_r1_distill.jinja' },
  { entry: 'deepseek-r1-distill-llama', at: 'trl:deepseek_r1_distill.jinja' },
  { entry: 'deepseek-r1-distill-llama', at: 'llama.cpp:deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja' },
  { entry: 'deepseek-v2', at: 'xinference:deepseek-v2-chat' },
  { entry: 'deepseek-v2.5', at: 'ollama-utils:library/deepseek-v2.5:236b', leadingBlanks: true },
  { entry: 'deepseek-v3', at: 'ollama-utils:library/deepseek-v3:671b' },
  { entry: 'deepseek-v3', at: 'xinference:deepseek-v3-0324' },
  { entry: 'qwen1.5', at: 'ollama-utils:library/qwen:0.5b' },
  { entry: 'qwen2', at: 'ollama-utils:library/qwen2:0.5b' },
  { entry: 'qwen2.5', at: 'trl:qwen2_5.jinja' },
  { entry: 'qwen2.5', at: 'llama.cpp:Qwen-Qwen2.5-7B-Instruct.jinja' },
  { entry: 'qwq', at: 'xinference:QwQ-32B' },
  { entry: 'qwq-preview', at: 'ollama-utils:library/qwq:32b' },
  { entry: 'qwen3', at: 'trl:qwen3.jinja' },
  { entry: 'qwen3', at: 'llama.cpp:Qwen-Qwen3-0.6B.jinja' },
  { entry: 'qwen3-instruct-2507', at: 'trl:qwen3_instruct_2507.jinja' },
  { entry: 'qwen3-thinking-2507', at: 'xinference:Qwen3-Thinking' },
  { entry: 'llama-2', at: 'ollama-utils:library/llama2:7b' },
  { entry: 'llama-3', at: 'trl:llama3.jinja' },
  { entry: 'llama-3.1', at: 'trl:llama3_1.jinja' },
  { entry: 'llama-3.1', at: 'llama.cpp:meta-llama-Llama-3.1-8B-Instruct.jinja' },
  { entry: 'llama-3.2', at: 'trl:llama3_2.jinja' },
  { entry: 'llama-3.2', at: 'llama.cpp:meta-llama-Llama-3.2-3B-Instruct.jinja' },
  { entry: 'llama-3.3', at: 'llama.cpp:meta-llama-Llama-3.3-70B-Instruct.jinja' },
  { entry: 'gemma-1', at: 'trl:gemma.jinja' },
  { entry: 'gemma-2', at: 'llama.cpp:google-gemma-2-2b-it.jinja' },
  { entry: 'gemma-3', at: 'trl:gemma3.jinja' },
  { entry: 'phi-3', at: 'trl:phi3.jinja' },
  { entry: 'phi-3', at: 'llama.cpp:microsoft-Phi-3.5-mini-instruct.jinja' },
  { entry: 'phi-3-medium', at: 'ollama-utils:library/phi3:14b' },
  { entry: 'phi-4', at: 'ollama-utils:library/phi4:14b' },
  { entry: 'phi-4-mini', at: 'ollama-utils:library/phi4-mini:3.8b' },
  { entry: 'mistral-v1', at: 'ollama-utils:library/mixtral:8x7b' },
  { entry: 'mistral-v1', at: 'xinference:mistral-instruct-v0.2' },
  { entry: 'mistral-v3', at: 'ollama-utils:library/mixtral:8x22b' },
  { entry: 'mistral-v3', at: 'xinference:mistral-instruct-v0.3' },
  { entry: 'mistral-v3-tekken', at: 'llama.cpp:mistralai-Mistral-Nemo-Instruct-2407.jinja' },
  { entry: 'mistral-v7', at: 'ollama-utils:library/mistral-large:123b' },
  { entry: 'mistral-v7-tekken', at: 'ollama-utils:library/mistral-small:24b' },
  { entry: 'mistral-v7-tekken', at: 'llama.cpp:Mistral-Small-3.2-24B-Instruct-2506.jinja' },
  { entry: 'ministral-3-reasoning', at: 'llama.cpp:mistralai-Ministral-3-14B-Reasoning-2512.jinja' },
  { entry: 'yi', at: 'xinference:Yi-chat' },
  { entry: 'yi-1.5', at: 'ollama-utils:library/yi:6b' },
  { entry: 'yi-1.5', at: 'xinference:Yi-1.5-chat' },
  { entry: 'internlm2', at: 'ollama-utils:library/internlm2:1.8b' },
  { entry: 'gpt-oss', at: 'trl:gptoss.jinja' },
  { entry: 'gpt-oss', at: 'llama.cpp:openai-gpt-oss-120b.jinja' },
  { entry: 'tulu-3', at: 'ollama-utils:library/tulu3:70b' },
  { entry: 'olmo-2', at: 'ollama-utils:library/olmo2:7b' },
  { entry: 'glm-4', at: 'ollama-utils:library/glm4:9b' },
  { entry: 'glm-4', at: 'xinference:glm4-0414' },
  { entry: 'granite-3', at: 'ollama-utils:library/granite3-dense:2b' },
  { entry: 'granite-3', at: 'ollama-utils:library/granite3.3:2b' },
  { entry: 'granite-4', at: 'ollama-utils:library/granite4:latest' },
]

/** Tokenizers whose added tokens the stops of entries are held against. */
export const TOKENIZERS: Readonly<Record<string, PackageName>> = {
  'qwen1.5': 'tokenizer-qwen3',
  qwen2: 'tokenizer-qwen3',
  'qwen2-math-7b': 'tokenizer-qwen3',
  'qwen2.5': 'tokenizer-qwen3',
  'qwen2.5-math-72b': 'tokenizer-qwen3',
  'qwen2.5-math-7b': 'tokenizer-qwen3',
  qwq: 'tokenizer-qwen3',
  'qwq-preview': 'tokenizer-qwen3',
  qwen3: 'tokenizer-qwen3',
  'qwen3-instruct-2507': 'tokenizer-qwen3',
  'qwen3-thinking-2507': 'tokenizer-qwen3',
  'llama-2': 'tokenizer-llama2',
  'llama-3': 'tokenizer-llama3_1',
  'llama-3.1': 'tokenizer-llama3_1',
  'llama-3.2': 'tokenizer-llama3_1',
  'llama-3.3': 'tokenizer-llama3_1',
  'gemma-3': 'tokenizer-gemma3',
  'deepseek-r1': 'tokenizer-deepseek_v3',
  'deepseek-r1-0528': 'tokenizer-deepseek_v3',
  'deepseek-v3': 'tokenizer-deepseek_v3',
  'gpt-oss': 'tokenizer-gptoss',
}

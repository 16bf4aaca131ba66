// What an engine's /metrics page says of its load. Promises: old and new names are read, engines of one server
// (data parallel) are added up; a page that says nothing of its queue is null.

export interface EngineLoad {
  /** Sequences that are generated now, and those that wait in the engine's own queue; of all its clients. */
  readonly running: number
  readonly waiting: number
  /** Share of the KV cache in use, 0 to 1, of the fullest engine; null where it is not told. */
  readonly cacheUsage: number | null
  /** Preemptions since the engine's start; null where they are not told. */
  readonly preemptions: number | null
  /** Tokens generated since the engine's start: a sign of life; null where they are not told. */
  readonly generatedTokens: number | null
}

/** Of our own sequences so many, or this share of all, may be on their way between us and the page: they look like others'. */
const IN_TRANSIT = 2
const IN_TRANSIT_SHARE = 0.05

/** Sequences at the engine beside the `inFlight` ones that we had there when it told its load; 0 also where they are too few to tell. */
export function othersAt({ running, waiting }: EngineLoad, inFlight: number): number {
  const all = running + waiting
  const others = Math.max(0, all - inFlight)
  return others <= Math.max(IN_TRANSIT, IN_TRANSIT_SHARE * all) ? 0 : others
}

/** Names in vLLM's releases, and in llama.cpp's server. */
const NAMES = {
  running: ['vllm:num_requests_running', 'llamacpp:requests_processing'],
  waiting: ['vllm:num_requests_waiting', 'llamacpp:requests_deferred'],
  cacheUsage: ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc', 'llamacpp:kv_cache_usage_ratio'],
  preemptions: ['vllm:num_preemptions_total', 'vllm:num_preemptions'],
  generatedTokens: ['vllm:generation_tokens_total', 'vllm:generation_tokens', 'llamacpp:tokens_predicted_total'],
} as const

/** Reads a page in Prometheus' text form. */
export function readLoad(page: string): EngineLoad | null {
  const running = sum(valuesOf(page, NAMES.running))
  const waiting = sum(valuesOf(page, NAMES.waiting))
  if (running === null || waiting === null) return null
  const usage = valuesOf(page, NAMES.cacheUsage)
  return {
    running,
    waiting,
    cacheUsage: usage.length === 0 ? null : Math.max(...usage),
    preemptions: sum(valuesOf(page, NAMES.preemptions)),
    generatedTokens: sum(valuesOf(page, NAMES.generatedTokens)),
  }
}

/** Values of the first of these names that the page has, one for each set of labels. Pages are long: no line is split off that is not wanted. */
function valuesOf(page: string, names: readonly string[]): number[] {
  for (const name of names) {
    const values: number[] = []
    for (let at = page.indexOf(name); at !== -1; at = page.indexOf(name, at + name.length)) {
      const after = page[at + name.length]
      const startsLine = at === 0 || page[at - 1] === '\n'
      if (!startsLine || (after !== '{' && after !== ' ')) continue
      const end = page.indexOf('\n', at)
      const line = page.slice(at, end === -1 ? page.length : end)
      const value = Number(
        line
          .slice(line.lastIndexOf('}') + 1)
          .trim()
          .split(/\s+/)
          .at(after === '{' ? 0 : 1),
      )
      if (Number.isFinite(value)) values.push(value)
    }
    if (values.length > 0) return values
  }
  return []
}

function sum(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0)
}

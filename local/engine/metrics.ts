// Counters of the front in Prometheus' text form, under vLLM's names and with its labels and buckets, as far as they
// mean something here. A server that comes back begins at zero again; what totals() tells goes on.

const TOKEN_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000]
const SECOND_BUCKETS = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680]
const CHOICE_BUCKETS = [1, 2, 5, 10, 20]

const REASONS = ['stop', 'length', 'abort', 'error', 'repetition'] as const

export type FinishedReason = (typeof REASONS)[number]

/** What one finished sequence tells. */
export interface Finished {
  readonly reason: FinishedReason
  readonly promptTokens: number
  readonly completionTokens: number
  /** Seconds in the queue, and from arrival to the end. */
  readonly queueSeconds: number
  readonly totalSeconds: number
}

export interface Metrics {
  finished(sequence: Finished): void
  /** One request with n choices came in. */
  asked(n: number): void
  /** One sequence was put back into the queue for want of KV cache. */
  preempted(): void
  /** The page of GET /metrics. */
  render(load: MetricsLoad): string
  /** The page's counters begin at zero again, as those of a new process do. */
  restart(): void
  /** Totals since the start, over all restarts. */
  totals(): { promptTokens: number; generationTokens: number; preemptions: number }
}

/** What the gauges show. */
export interface MetricsLoad {
  readonly running: number
  readonly waiting: number
  /** 0 to 1. */
  readonly cacheUsage: number
  /** The cache's gauge goes by the name that it had before `kv_cache_usage_perc`. */
  readonly oldNames: boolean
}

interface Histogram {
  observe(value: number): void
  lines(name: string, labels: string): string[]
}

function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  let sum = 0
  return {
    observe(value) {
      let index = 0
      while (index < bounds.length && value > bounds[index]!) index += 1
      counts[index]! += 1
      sum += value
    },
    lines(name, labels) {
      let seen = 0
      const buckets = counts.map((count, index) => {
        seen += count
        const bound = bounds[index]
        const edge =
          bound === undefined
            ? '+Inf'
            : bound.toFixed(Number.isInteger(bound) ? 1 : String(bound).split('.')[1]!.length)
        return `${name}_bucket{engine="0",le="${edge}",${labels}} ${float(seen)}`
      })
      return [
        ...buckets,
        `${name}_count{engine="0",${labels}} ${float(seen)}`,
        `${name}_sum{engine="0",${labels}} ${float(sum)}`,
      ]
    },
  }
}

function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

type Counters = ReturnType<typeof zero>

function zero() {
  const reasons: Record<FinishedReason, number> = { stop: 0, length: 0, abort: 0, error: 0, repetition: 0 }
  return {
    histograms: {
      request_prompt_tokens: createHistogram(TOKEN_BUCKETS),
      request_generation_tokens: createHistogram(TOKEN_BUCKETS),
      request_params_n: createHistogram(CHOICE_BUCKETS),
      e2e_request_latency_seconds: createHistogram(SECOND_BUCKETS),
      request_queue_time_seconds: createHistogram(SECOND_BUCKETS),
    },
    reasons,
    promptTokens: 0,
    generationTokens: 0,
    preemptions: 0,
  }
}

/** Counters at zero for the model of this name. */
export function createMetrics(modelName: string): Metrics {
  const model = `model_name="${modelName.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  let counters: Counters = zero()
  const before = { promptTokens: 0, generationTokens: 0, preemptions: 0 }
  const totals: Metrics['totals'] = () => ({
    promptTokens: before.promptTokens + counters.promptTokens,
    generationTokens: before.generationTokens + counters.generationTokens,
    preemptions: before.preemptions + counters.preemptions,
  })
  return {
    asked(n) {
      counters.histograms.request_params_n.observe(n)
    },
    finished(sequence) {
      const { histograms } = counters
      counters.reasons[sequence.reason] += 1
      counters.promptTokens += sequence.promptTokens
      counters.generationTokens += sequence.completionTokens
      histograms.request_prompt_tokens.observe(sequence.promptTokens)
      histograms.request_generation_tokens.observe(sequence.completionTokens)
      histograms.e2e_request_latency_seconds.observe(sequence.totalSeconds)
      histograms.request_queue_time_seconds.observe(sequence.queueSeconds)
    },
    preempted() {
      counters.preemptions += 1
    },
    restart() {
      Object.assign(before, totals())
      counters = zero()
    },
    totals,
    render({ running, waiting, cacheUsage, oldNames }) {
      const { histograms, reasons, promptTokens, generationTokens, preemptions } = counters
      const cacheName = oldNames ? 'gpu_cache_usage_perc' : 'kv_cache_usage_perc'
      const lines: string[] = []
      const one = (
        name: string,
        type: 'gauge' | 'counter',
        help: string,
        values: [labels: string, value: number][],
      ): void => {
        lines.push(`# HELP vllm:${name} ${help}`, `# TYPE vllm:${name} ${type}`)
        for (const [labels, value] of values) lines.push(`vllm:${name}{engine="0",${labels}${model}} ${float(value)}`)
      }
      one('num_requests_running', 'gauge', 'Number of requests in model execution batches.', [['', running]])
      one('num_requests_waiting', 'gauge', 'Number of requests waiting to be processed.', [['', waiting]])
      one(cacheName, 'gauge', 'KV-cache usage: 1 means that it is full.', [['', cacheUsage]])
      one('num_preemptions_total', 'counter', 'Cumulative number of preemptions from the engine.', [['', preemptions]])
      one('prompt_tokens_total', 'counter', 'Number of prefill tokens processed.', [['', promptTokens]])
      one('generation_tokens_total', 'counter', 'Number of generation tokens processed.', [['', generationTokens]])
      const finished = REASONS.map((reason): [string, number] => [`finished_reason="${reason}",`, reasons[reason]])
      one('request_success_total', 'counter', 'Count of finished requests.', finished)
      for (const [name, histogram] of Object.entries(histograms)) {
        lines.push(`# HELP vllm:${name} Histogram of ${name}.`, `# TYPE vllm:${name} histogram`)
        lines.push(...histogram.lines(`vllm:${name}`, model))
      }
      return `${lines.join('\n')}\n`
    },
  }
}

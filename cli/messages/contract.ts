// Every sentence that a run says to a person while it works. One catalogue a language (en.ts, ja.ts): the
// compiler holds them to the same keys, a test holds them to the same parameters.

/** Parts of a run that have a name on the screen. */
export type MessagePart =
  | 'produce'
  | 'screen'
  | 'tag'
  | 'answer'
  | 'sample'
  | 'verify'
  | 'judge'
  | 'reward'
  | 'converse'
  | 'curate'
  | 'clickhouse'
  | 'json'

export type MessageService = 'kafka' | 'model' | 'clickhouse'

/** What a download or another step of setting up has reached; total is null where it is not known. */
export interface StepProgress {
  readonly what: string
  readonly done: number
  readonly total: number | null
  readonly unit: 'bytes' | 'steps'
}

/** A budget with what of it is spent: US dollars, tokens or hours. */
export interface SpentBudget {
  readonly name: 'usd' | 'tokens' | 'hours'
  readonly spent: number
  /** null: no limit, or one that another process knows. */
  readonly limit: number | null
}

export interface Messages {
  readonly language: 'en' | 'ja'
  readonly parts: Readonly<Record<MessagePart, string>>
  readonly services: Readonly<Record<MessageService, string>>

  // Starting
  serviceStarting(service: MessageService): string
  serviceReady(service: MessageService, place: string, seconds: number): string
  step(progress: StepProgress): string
  /** Packages or jars that are fetched on first use. */
  installing(what: string): string
  /** Another command is just starting the same service. */
  serviceStartedElsewhere(service: MessageService, pid: number): string
  portMoved(service: MessageService, from: number, to: number): string
  /** A worker that leads nothing waits for the process that produces. */
  waitingForLeader(run: string): string
  /** No broker answers; what was tried is in why. */
  kafkaSilent(brokers: string, why: string): string
  /** Whoever joins a replay waits for it to be started. revisions: those that the run has. */
  waitingForReplay(run: string, revision: string, revisions: readonly string[]): string
  /** Dotted names of settings that differ from those of the run's last start. */
  configChanged(settings: readonly string[]): string
  /**
   * The settings of one part that changed, and its records with the old ones and with the new ones (null: not known).
   * isExact: false where an earlier process was killed, so that a few of its last records are not counted.
   */
  configChangedFor(
    part: MessagePart,
    change: { settings: readonly string[]; done: number; left: number | null; isExact: boolean },
  ): string
  /** Endpoints were taken from the changed config file: these are all of them now. */
  endpointsChanged(urls: readonly string[]): string
  /** Settings that were changed in the file and wait for the next start. */
  settingsWait(settings: readonly string[]): string
  /** The changed config file has faults, so nothing of it was taken. */
  configRefused(faults: readonly string[]): string
  /** Only these parts run in this process. */
  partsHere(parts: readonly string[]): string
  /** This process works at a run that another one leads. */
  joined(run: string): string
  /** It does so no more, and the run goes on. */
  left(run: string): string
  /** rows: the numbers of rows that the run is to give, in words. */
  started(run: string, total: number | null, rows: readonly string[]): string
  importing(run: string, file: string): string
  /** A run that goes on: problems that exist already of those wanted. */
  resumed(run: string, made: number, total: number | null): string
  finishedAlready(run: string): string
  /** A replay begins: the topic and revision that it reads; chosen: so many problems, of which the topic need not have all, null: those of the run. */
  replaying(run: string, topic: string, of: string, chosen: number | null): string
  /** A replay beside a run that is at work takes this share of the engines. */
  sharing(share: number): string
  /** No run is at work beside the replay any more: it takes the engines whole. */
  readonly sharingNoMore: string
  /** At model servers that schedule by it, calls of a replay have this priority, behind those of runs. */
  behind(priority: number): string
  /** A replay goes on. isWhole: it was finished before. */
  replayResumed(run: string, isWhole: boolean): string
  /** Fewer problems are wanted than there are. */
  smallerTotal(run: string, made: number, total: number): string

  // On the way
  /** A dry run begins: so many problems really go through all stages. */
  probing(run: string, problems: number): string
  /** What the probe itself has cost; usd null: no prices. */
  probed(tokens: number, usd: number | null, seconds: number): string
  readonly probeRemoved: string
  producing(made: number, total: number | null): string
  endpointWaiting(url: string, reason: string): string
  /** One engine: sequences in flight, their limit, and the reason of the limit's last change (English, as in the log). */
  engine(url: string, inFlight: number, limit: number, reason: string): string
  moreEngines(count: number): string
  endpointReturned(url: string, downSeconds: number): string
  /** A sink or the broker does not answer: nothing is lost, the run waits. */
  waitingFor(part: string, reason: string): string
  goingOn(part: string): string
  /** Topics are kept for another time, or in another way, than the config says. */
  keptOtherwise(topics: readonly string[]): string
  /** The run's rows are in another ClickHouse from now on. */
  moved(from: string, to: string): string
  /** A sink's store lacks what it had: the sink reads everything again. */
  refilling(part: string): string
  /** Lines of the imported file that were refused; the command shows each with its fault. */
  brokenLines(count: number, command: string): string
  backPressure(waiting: number): string
  acceptReached(sft: number, preference: number): string
  totalReached(total: number): string
  /** A replay has taken all that it was to take. */
  allRead(problems: number): string
  /** What is left of a budget would not carry another problem to its end. */
  readonly budgetClosed: string

  // Figures
  readonly columns: {
    readonly part: string
    readonly received: string
    readonly running: string
    readonly queued: string
    readonly passed: string
    readonly rejected: string
    readonly dead: string
    readonly seconds: string
  }
  /** total: so many of these. */
  problems(count: number, total?: number | null): string
  /** Share of its range that a replay has read, 0 to 1. */
  rangeRead(share: number): string
  rejected(count: number): string
  deadLetters(count: number): string
  sftRecords(count: number, wanted?: number | null): string
  preferenceRecords(count: number, wanted?: number | null): string
  spent(budget: SpentBudget): string
  /** Answered calls whose servers counted no tokens. */
  unmeasured(calls: number): string
  /** Records that a process which has a part of the run has done, and those that are left for it; null: not known. */
  worked(done: number, left: number | null): string
  rate(perMinute: number): string
  tokensPerSecond(tokens: number): string
  eta(seconds: number): string
  readonly etaUnknown: string
  elapsed(seconds: number): string
  duration(seconds: number): string

  // Ending
  /** seconds: what records under way get; what comes after takes as long as Kafka and the stores need. */
  draining(running: number, seconds: number): string
  readonly pressAgain: string
  /** Records by part that were not at their end when the time of the drain was over. */
  cutOff(cut: readonly { readonly part: MessagePart; readonly records: number }[]): string
  /** Answers and scores of a replay, by role: taken over, and asked for. */
  kept(roles: readonly { readonly role: string; readonly kept: number; readonly asked: number }[]): string
  interrupted(run: string): string
  /** A budget ended the run. */
  budgetEnded(run: string, budget: SpentBudget): string
  done(run: string, seconds: number): string
  /** The problems came to their end before all rows were there that were asked for. */
  fewer(accepted: readonly string[]): string
  failed(run: string, reason: string): string
  readonly filesWritten: string
  readonly noFiles: string
  /** surplus: rows that were accepted beyond what was asked for. */
  file(path: string, records: number, surplus: number): string
  readonly nextCommands: string
  readonly smallModel: string
  /** The quickstart wants both data sets. */
  readonly oneSetMissing: string
  logFile(path: string): string
}

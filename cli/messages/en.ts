// What a run says, in English.

import type { Messages } from './contract.ts'
import { dollars, hours } from './money.ts'

const count = (value: number): string => value.toLocaleString('en-US')

const plural = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? '' : 's'}`

const outOf = (value: number, total: number | null, word: string): string =>
  total === null ? plural(value, word) : `${count(value)}/${plural(total, word)}`

const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (hours > 0) return `${count(hours)} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`
}

const BUDGET_OPTIONS = { usd: '--budget-usd', tokens: '--budget-tokens', hours: '--max-hours' } as const

const amount = (name: 'usd' | 'tokens' | 'hours', value: number): string => {
  if (name === 'usd') return dollars(value)
  return name === 'tokens' ? plural(value, 'token') : `${hours(value)} h`
}

const services = { kafka: 'Kafka', model: 'the small model', clickhouse: 'ClickHouse' } as const

export const en: Messages = {
  language: 'en',
  parts: {
    produce: 'produce',
    screen: 'screen',
    tag: 'tag',
    answer: 'answer',
    sample: 'sample',
    verify: 'verify',
    judge: 'judge',
    reward: 'reward',
    converse: 'converse',
    curate: 'curate',
    clickhouse: 'ClickHouse',
    json: 'JSON files',
  },
  services,

  serviceStarting: (service) => `Starting ${services[service]} …`,
  serviceReady: (service, place, seconds) => `Ready: ${services[service]} at ${place} (${duration(seconds)})`,
  step: ({ what, done, total, unit }) => {
    const shown = (value: number): string => (unit === 'bytes' ? `${(value / 1e6).toFixed(1)} MB` : count(value))
    return total === null ? `${what}: ${shown(done)}` : `${what}: ${shown(done)} of ${shown(total)}`
  },
  installing: (what) => `Installing ${what} (first use) …`,
  serviceStartedElsewhere: (service, pid) =>
    `Process ${pid} is starting ${services[service]}, or looks whether it runs; waiting for it …`,
  portMoved: (service, from, to) => `Port ${from} of ${services[service]} is taken by another program; using ${to}.`,
  waitingForLeader: (run) => `Run ${run} has not been started; waiting for the process that makes its problems …`,
  kafkaSilent: (brokers, why) => `Kafka at ${brokers} does not answer (${why}); waiting for it …`,
  waitingForReplay: (run, revision, revisions) =>
    `Revision ${revision} of run ${run} has not been started (there is ${revisions.join(', ')}); waiting for the process that starts it …`,
  configChanged: (settings) =>
    `The config differs from the last start of this run (${settings.join(', ')}): what is done keeps the old one, the rest gets the new one.`,
  configChangedFor: (part, { settings, done, left, isExact }) => {
    const about = isExact ? '' : 'about '
    const rest =
      left === null ? 'the rest gets' : `${about}${count(left)} that ${left === 1 ? 'is' : 'are'} not done yet get`
    const end = left === 0 ? 'none is left for the new ones' : `${rest} the new ones`
    return `  ${en.parts[part]} (${settings.join(', ')}): ${about}${plural(done, 'problem')} done with the old settings; ${end}`
  },
  endpointsChanged: (urls) => `Model servers from the changed config: ${urls.join(', ')}`,
  settingsWait: (settings) => `Also changed in the config, taken when the run is started again: ${settings.join(', ')}`,
  configRefused: (faults) =>
    `The changed config was not taken, the run goes on with the old one:\n${faults.join('\n')}`,
  joined: (run) => `Works at run ${run} until it ends or this process is stopped; another process leads it.`,
  left: (run) =>
    `This process has left run ${run}; nothing is lost: others take what it had to do. The same command joins again.`,
  partsHere: (parts) => `This process runs: ${parts.join(', ')}`,
  started: (run, total, rows) =>
    rows.length > 0
      ? `Run ${run}: makes${total === null ? '' : ` at most ${count(total)}`} problems until ${rows.join(' and ')} are accepted`
      : total === null
        ? `Run ${run}: makes problems until it is stopped`
        : `Run ${run}: ${plural(total, 'problem')} wanted`,
  importing: (run, file) => `Run ${run}: takes its problems from ${file}`,
  resumed: (run, made, total) =>
    `Run ${run} goes on where it stopped: ${plural(made, 'problem')}${total === null ? '' : ` of ${count(total)}`} made already`,
  finishedAlready: (run) =>
    `Run ${run} is finished already; dead letters that were sent again are taken up. Start another with --run NAME, or ask for more with --total N or --accept N.`,

  replaying: (run, topic, of, chosen) =>
    `Replay ${run}: takes ${chosen === null ? 'the problems of the run' : `what there is of ${plural(chosen, 'chosen problem')}`} in its range of topic ${topic} (revision ${of}); nothing that is there is changed.`,
  sharing: (share) =>
    `Another run is at work: this replay takes at most ${share} of each engine's slots (--share F for another share).`,
  sharingNoMore: "No other run is at work any more: this replay takes all of each engine's slots.",
  behind: (priority) =>
    `At model servers that schedule by priority its calls come behind those of runs (priority ${priority}; --priority N for another).`,
  replayResumed: (run, isWhole) =>
    isWhole
      ? `Replay ${run} is finished already; dead letters that were sent again are taken up. Start another with --revision NAME.`
      : `Replay ${run} goes on where it stopped.`,

  smallerTotal: (run, made, total) =>
    `Run ${run} has ${plural(made, 'problem')} already, more than the ${count(total)} wanted: none is made, none is taken away, and what is under way is finished. For a data set of fewer rows: --accept N, or ./magpie export --limit N.`,

  probing: (run, problems) =>
    `Probe for run ${run}: ${plural(problems, 'problem')} through all stages; the run itself is not touched.`,
  probed: (tokens, usd, seconds) =>
    `The probe took ${duration(seconds)} and ${plural(tokens, 'token')}${usd === null ? '' : ` (${dollars(usd)})`}.`,
  probeRemoved: 'What the probe left on the log is removed.',
  producing: (made, total) => `Making problems: ${count(made)}${total === null ? '' : ` of ${count(total)}`}`,
  endpointWaiting: (url, reason) =>
    `Waiting for the model server ${url} (${reason}). Nothing is lost; the run goes on when it is back.`,
  engine: (url, inFlight, limit, reason) => `${url}  ${inFlight} of ${limit} in flight (${reason})`,
  moreEngines: (count) => `and ${count} more engines`,
  endpointReturned: (url, downSeconds) => `The model server ${url} is back after ${duration(downSeconds)}.`,
  waitingFor: (part, reason) => `Waiting for ${part} (${reason}). Nothing is lost; the run goes on when it is back.`,
  keptOtherwise: (topics) =>
    `Kept in another way than the config says: ${topics.join(', ')}. See it with ./magpie topics apply --dry-run -c FILE`,
  moved: (from, to) => `The rows so far are in ${from}; from now on they are in ${to}.`,
  refilling: (part) => `${part}: what this run wrote there is missing; it is filled in again from Kafka.`,
  goingOn: (part) => `${part} is back; going on.`,
  brokenLines: (value, command) => `${plural(value, 'line')} of the file refused; to see why: ${command}`,
  backPressure: (waiting) => `No new problems for now: ${plural(waiting, 'problem')} wait in the stages behind.`,
  acceptReached: (sft, preference) =>
    `Enough accepted (${count(sft)} SFT, ${count(preference)} preference): no new problems, what is under way is finished.`,
  budgetClosed: 'What is left of the budget carries no further problem: what is under way is finished.',
  allRead: (problems) => `All ${plural(problems, 'problem')} taken; what is under way is finished.`,
  totalReached: (total) => `All ${plural(total, 'problem')} made; what is under way is finished.`,

  columns: {
    part: 'stage',
    received: 'in',
    running: 'running',
    queued: 'waiting',
    passed: 'passed',
    rejected: 'rejected',
    dead: 'dead',
    seconds: 'seconds',
  },
  problems: (value, total = null) => outOf(value, total, 'problem'),
  rangeRead: (share) => `${Math.floor(share * 100)} % of the range read`,
  rejected: (value) => `${count(value)} rejected`,
  deadLetters: (value) => plural(value, 'dead letter'),
  sftRecords: (value, wanted = null) => outOf(value, wanted, 'SFT record'),
  preferenceRecords: (value, wanted = null) => outOf(value, wanted, 'preference record'),
  spent: ({ name, spent, limit }) =>
    `${amount(name, spent)}${limit === null ? '' : ` of ${amount(name, limit)}`} spent`,
  unmeasured: (calls) =>
    `The servers said nothing of tokens in ${plural(calls, 'call')}: tokens, and money by the token, are that much too low.`,
  worked: (done, left) =>
    `${plural(done, 'record')} done here${left === null ? '' : ` · ${count(left)} left for these parts`}`,
  rate: (perMinute) => `${perMinute.toFixed(perMinute < 10 ? 1 : 0)}/min`,
  tokensPerSecond: (tokens) => `${count(Math.round(tokens))} tokens/s`,
  eta: (seconds) => `${duration(seconds)} left`,
  etaUnknown: 'time left not known yet',
  elapsed: (seconds) => `${duration(seconds)} so far`,
  duration,

  draining: (running, seconds) =>
    `Stopping: ${plural(running, 'record')} under way, with at most ${duration(seconds)} to end; then what is done is written and committed, as fast as Kafka and the stores answer …`,
  pressAgain: 'Press Ctrl-C again to stop at once.',
  cutOff: (cut) =>
    `Cut off when the time was over (drain.seconds): ${cut.map(({ part, records }) => `${plural(records, 'record')} in ${en.parts[part]}`).join(', ')}. They are taken again at the next start.`,
  kept: (roles) =>
    roles.length === 0
      ? 'Nothing was taken over, and no model was asked.'
      : `Taken over and asked for: ${roles.map(({ role, kept, asked }) => `${role} ${count(kept)} and ${count(asked)}`).join(', ')}.`,
  interrupted: (run) => `Run ${run} is stopped and nothing is lost. The same command goes on from here.`,
  budgetEnded: (run, { name, spent, limit }) =>
    `Run ${run} has spent its budget (${amount(name, spent)}${limit === null ? '' : ` of ${amount(name, limit)}`}) and is stopped; nothing is lost. The same command with a larger ${BUDGET_OPTIONS[name]} goes on from here.`,
  done: (run, seconds) => `Run ${run} is done in ${duration(seconds)}.`,
  fewer: (accepted) => `The problems came to their end first: ${accepted.join(' and ')}.`,
  failed: (run, reason) => `Run ${run} failed: ${reason}`,
  filesWritten: 'Written:',
  noFiles: 'No record was accepted, so there is no data file. The report says why.',
  file: (path, records, surplus) =>
    `${path} (${plural(records, 'record')}${surplus === 0 ? '' : `; ${count(surplus)} more accepted, kept in the tables`})`,
  nextCommands: 'Next:',
  oneSetMissing:
    'Not both data sets have rows: the model did not agree with itself often enough. Try again with --run another.',
  smallModel:
    'This data was made by a very small model: it shows that the machine works, not what good data looks like. Give --endpoint and --model of real servers for that.',
  logFile: (path) => `Log: ${path}`,
}

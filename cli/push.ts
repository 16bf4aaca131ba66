// `magpie push`: an exported folder to the Hugging Face hub, as one commit.

import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { folderFiles } from '../analytics/push/folder-files.ts'
import { pushFiles } from '../analytics/push/hub.ts'
import { UsageFault } from '../schemas/failure.ts'
import { bytesText } from './topics-view.ts'

interface PushArguments {
  readonly repo: string
  readonly private?: true
  readonly tokenEnv: string
  readonly branch: string
  readonly hubUrl: string
}

/** Adds the command. */
export function addPush(program: Command): void {
  program
    .command('push')
    .description('Uploads an exported folder to the Hugging Face hub as a data set.')
    .argument('<folder>', 'folder that ./magpie export has written')
    .addOption(
      new Option('--repo <name>', 'data set on the hub, as owner/name; made where it is missing')
        .argParser(repoName)
        .makeOptionMandatory(),
    )
    .option('--private', 'its owner alone sees a repository that is made now; one that everybody sees is refused')
    .option('--branch <name>', 'branch that gets the commit; made where it is missing', 'main')
    .option('--token-env <name>', 'environment variable that holds the access token', 'HF_TOKEN')
    .addOption(
      new Option('--hub-url <url>', 'address of the hub')
        .env('HF_ENDPOINT')
        .argParser(hubAddress)
        .default('https://huggingface.co'),
    )
    .addHelpText(
      'after',
      `
The folder is checked first (as ./magpie export --check does); one that is not whole is refused. Files go up while they are
read; a cut connection is tried again, and a push that was stopped goes on with what the hub does not have yet.

Examples:
  ./magpie export --type sft --format parquet --out data/algebra
  HF_TOKEN=hf_… ./magpie push data/algebra --repo someone/algebra --private`,
    )
    .action(push)
}

async function push(folder: string, options: PushArguments): Promise<void> {
  const token = tokenOf(options.tokenEnv)
  const { files, aside, rows, bytes } = await folderFiles(folder)
  const say = (text: string): void => {
    process.stderr.write(`${text}\n`)
  }
  for (const path of aside) say(`not pushed, no part of the export: ${path}`)
  say(`${files.length} files, ${bytesText(bytes)}, to ${options.repo} (${options.branch})`)
  const interrupted = new AbortController()
  const interrupt = (): void => {
    interrupted.abort()
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const { commit, url } = await pushFiles({
      ...{ repo: options.repo, branch: options.branch, isPrivate: options.private === true, token, files },
      hubUrl: options.hubUrl,
      title: `${rows} rows by ./magpie push`,
      signal: interrupted.signal,
      onPhase: (phase) => {
        say(PHASES[phase])
      },
      onWait: (why, milliseconds) => {
        say(`no answer from the hub that helps (${why}); asked again in ${Math.ceil(milliseconds / 1000)} s`)
      },
      onSent: progress(bytes, say),
    })
    process.stdout.write(`${url}\n`)
    say(`commit ${commit}`)
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    say('interrupted; the same command goes on with what the hub does not have yet')
    process.exitCode = 130
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

const PHASES = {
  preuploading: 'asking the hub how it wants the files',
  uploadingLargeFiles: 'uploading large files',
  committing: 'committing',
} as const

/** A line at every tenth of what there is to send. */
function progress(bytes: number, say: (text: string) => void): (sent: number) => void {
  let said = 0
  return (sent) => {
    const tenths = bytes === 0 ? 0 : Math.floor((sent / bytes) * 10)
    if (tenths <= said) return
    said = tenths
    say(`${tenths * 10} % sent (${bytesText(sent)})`)
  }
}

function tokenOf(variable: string): string {
  const token = process.env[variable]?.trim() ?? ''
  if (token === '')
    throw new UsageFault(`the environment variable ${variable} holds no token; the hub gives one that may write`)
  if (!token.startsWith('hf_'))
    throw new UsageFault(`the token in ${variable} does not begin with hf_, as access tokens of the hub do`)
  return token
}

function repoName(text: string): string {
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(text)) throw new InvalidArgumentError('give it as owner/name.')
  return text
}

function hubAddress(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw new InvalidArgumentError('give an http or https address.')
  if (url.protocol === 'http:' && !/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname))
    throw new InvalidArgumentError('the token would go over the network unencrypted: give an https address.')
  return url.href.replace(/\/+$/, '')
}

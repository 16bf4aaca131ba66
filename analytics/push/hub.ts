// The door to the Hugging Face hub (@huggingface/hub): files of a folder as one commit to a data set repository. Promises:
// large files are read as they are sent, never whole; a cut connection and a passing refusal are tried again; the token
// stands in no message.

import { pathToFileURL } from 'node:url'
import { commitIter, createBranch, createRepo, datasetInfo, HubApiError, repoExists } from '@huggingface/hub'
import type { CommitOperation } from '@huggingface/hub'
import { Failure, permanent, transient, UsageFault } from '../../schemas/failure.ts'
import { createRedactor } from '../../schemas/redact.ts'
import { reasonOf, steadyFetch } from './steady-fetch.ts'

/** A file to push. */
export interface HubFile {
  /** In the repository, with `/`. */
  readonly path: string
  /** Absolute path on this machine. */
  readonly file: string
}

export interface Push {
  /** Address of the hub, without a slash at its end. */
  readonly hubUrl: string
  /** `owner/name` of the data set. */
  readonly repo: string
  readonly branch: string
  /** A repository that is made now is; a push into one that everybody can see is refused. */
  readonly isPrivate: boolean
  /** Begins with hf_. */
  readonly token: string
  readonly title: string
  readonly files: readonly HubFile[]
  readonly signal: AbortSignal
  /** Bytes of large files sent so far; less than before where a try failed. */
  readonly onSent: (bytes: number) => void
  readonly onPhase: (phase: Phase) => void
  /** Why the hub is asked again, and milliseconds until then. */
  readonly onWait?: (why: string, milliseconds: number) => void
  /** How long to wait before a further try; the real one unless a test says otherwise. */
  readonly wait?: (milliseconds: number) => Promise<void>
}

export type Phase = 'preuploading' | 'uploadingLargeFiles' | 'committing'

export interface Pushed {
  readonly commit: string
  readonly url: string
}

/**
 * Makes the repository and the branch where they are missing, uploads, commits. Throws permanent `hub-refused` (token,
 * rights, a request that can never succeed), transient `hub-unreachable`, the signal's reason, and UsageFault where rows that
 * are to be private would be seen by everybody.
 */
export async function pushFiles(push: Push): Promise<Pushed> {
  const { hubUrl, repo, branch, token, signal, onSent, onWait } = push
  const redact = createRedactor([token])
  const told = (why: string, milliseconds: number): void => onWait?.(redact(why), milliseconds)
  const fetch = steadyFetch({ signal, onSent, onWait: told, ...(push.wait === undefined ? {} : { wait: push.wait }) })
  const to = { repo: { type: 'dataset' as const, name: repo }, hubUrl, accessToken: token, fetch }
  try {
    if (!(await repoExists(to)))
      await unlessThere(createRepo({ ...to, visibility: push.isPrivate ? 'private' : 'public' }))
    else if (push.isPrivate && !(await datasetInfo({ ...to, name: repo })).private)
      throw new UsageFault(
        `${repo} is there already and everybody can see it: make it private in its settings on the hub, or leave --private out`,
      )
    if (branch !== 'main') await unlessThere(createBranch({ ...to, branch }))
    const operations = push.files.map(({ path, file }): CommitOperation => {
      return { operation: 'addOrUpdate', path, content: pathToFileURL(file) }
    })
    // The plain protocol of large files: the hub's newer one keeps 64 MB buffers for each of five files.
    const events = commitIter({ ...to, branch, operations, title: push.title, abortSignal: signal, useXet: false })
    for (;;) {
      const { done, value } = await events.next()
      if (done === true) {
        if (value === undefined) throw permanent('hub-refused', 'the hub took the files and named no commit')
        return { commit: value.commit.oid, url: value.commit.url }
      }
      if (value.event === 'phase') push.onPhase(value.phase)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof UsageFault ? error : failureOf(error, hubUrl, redact)
  }
}

/** 409: another push has made it in between. */
async function unlessThere(made: Promise<unknown>): Promise<void> {
  try {
    await made
  } catch (error) {
    if (!(error instanceof HubApiError) || error.statusCode !== 409) throw error
  }
}

function failureOf(error: unknown, hubUrl: string, redact: (text: string) => string): Failure {
  if (error instanceof Failure) return error
  if (!(error instanceof HubApiError)) {
    const why = redact(error instanceof Error ? reasonOf(error) : String(error))
    return transient('hub-unreachable', `the hub at ${hubUrl} cannot be reached: ${why}`)
  }
  const said = redact(error.message)
  const { statusCode } = error
  if (statusCode === 401 || statusCode === 403)
    return permanent(
      'hub-refused',
      `the hub refuses the token: ${said}; it needs the right to write to this repository`,
    )
  if (statusCode === 429 || statusCode >= 500) return transient('hub-unreachable', `the hub is not able to: ${said}`)
  return permanent('hub-refused', `the hub refuses: ${said}`)
}

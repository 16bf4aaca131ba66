// Turns changes between two snapshots into sentences that stay on the screen: a server that went or came back, the
// end of production and what it refused.

import type { RunSnapshot } from '../pipeline/run-contract.ts'
import { harmless } from '../schemas/terminal-text.ts'
import type { Messages } from './messages/contract.ts'
import { stateWords } from './options.ts'
import { partName, waitingParts } from './progress-view.ts'

/** What a run's sentences name. */
export interface Announced {
  readonly messages: Messages
  readonly runId: string
  readonly stateDir: string
}

/** Returns a function that takes each snapshot and gives what is new to say. */
export function createAnnouncer({
  messages,
  runId,
  stateDir,
}: Announced): (snapshot: RunSnapshot, now: number) => string[] {
  const down = new Map<string, number>()
  const waiting = new Set<string>()
  let saidProduced = false
  let saidUnmeasured = false
  return (snapshot, now) => {
    const lines: string[] = []
    for (const { url, downSince, lastError } of snapshot.llm.endpoints) {
      const since = down.get(url)
      if (downSince !== null && since === undefined) {
        down.set(url, downSince)
        lines.push(messages.endpointWaiting(url, harmless(lastError ?? '')))
      } else if (downSince === null && since !== undefined) {
        down.delete(url)
        lines.push(messages.endpointReturned(url, (now - since) / 1000))
      }
    }
    const waits = waitingParts(snapshot)
    for (const [name, reason] of waits) {
      if (waiting.has(name)) continue
      waiting.add(name)
      lines.push(messages.waitingFor(partName(name, messages), harmless(reason)))
    }
    for (const name of waiting) {
      // A part that is drained has given up waiting; that says nothing of its server.
      if (waits.some(([still]) => still === name) || snapshot.phase === 'draining') continue
      waiting.delete(name)
      lines.push(messages.goingOn(partName(name, messages)))
    }
    if (!saidUnmeasured && snapshot.spent.unmeasured > 0) {
      saidUnmeasured = true
      lines.push(messages.unmeasured(snapshot.spent.unmeasured))
    }
    if (!saidProduced && snapshot.produced !== null && snapshot.produced !== 'aborted') {
      saidProduced = true
      const { sft, preference } = snapshot.accepted
      lines.push(
        snapshot.produced === 'accepted'
          ? messages.acceptReached(sft, preference)
          : snapshot.produced === 'budget'
            ? messages.budgetClosed
            : snapshot.produced === 'replayed'
              ? messages.allRead(snapshot.made)
              : messages.totalReached(snapshot.made),
      )
      if (snapshot.brokenLines > 0)
        lines.push(messages.brokenLines(snapshot.brokenLines, commandForLines(runId, stateDir)))
    }
    return lines
  }
}

/** Shows the lines of the file that were refused, each with its number and its fault. */
function commandForLines(runId: string, stateDir: string): string {
  const at = stateWords({ state: stateDir })
  return `./magpie sql "SELECT detail FROM rejections WHERE run_id = '${runId}' AND stage = 'jsonl'"${at}`
}

// A run on an engine that meets one call in four with a fault, all kinds mixed: every problem comes to one end, no stage
// stalls, and no answer that was cut short is taken for a complete one. (bench/faults.ts: the same at 10,000 calls.)

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FAULT_KINDS, type FaultKind } from '../../local/engine/front-mischief.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { assertOneEndEach, logOf, openWorkshop, query, runName, simulatedConfig } from '../support/end-to-end.ts'

const TOTAL = 16
const KINDS = Object.keys(FAULT_KINDS) as FaultKind[]
/** Of each kind; which call of a run meets which follows from its number. */
const RATE = 0.2 / KINDS.length
/** So many among 300 calls that some surely write a text, whichever calls these numbers fall on. */
const CUT_RATE = 4 * RATE
const TIMEOUT_SECONDS = 3
/** Kinds that answer with a text, and so are never met by a call for a score. */
const OF_TEXTS: readonly FaultKind[] = ['finish-null', 'abort', 'length']

describe('a cluster of faults', () => {
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop()
  })
  after(async () => {
    await workshop.close()
  })

  it('costs tries, never a row, and cuts no answer short', async () => {
    const name = runName('faulty')
    const rates = { ...Object.fromEntries(KINDS.map((kind) => [kind, RATE])), length: CUT_RATE }
    const front = await workshop.serve({
      slots: 32,
      medianMs: 20,
      trouble: { faults: { rates, retryAfterSeconds: 1 } },
    })
    const command = workshop.magpie(
      [
        ...['run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', name],
        ...['questioner', 'answerer', 'sampler'].flatMap((role) => [
          '--set',
          `roles.${role}.timeoutSeconds=${TIMEOUT_SECONDS}`,
        ]),
        ...['--set', `stages.reward.rewards[0].timeoutSeconds=${TIMEOUT_SECONDS}`],
      ],
      { SIMULATOR_PORT: String(front.port) },
    )
    const { code, error } = await command.ended
    assert.equal(code, 0, error)
    const { faults, total } = front.stats()
    for (const kind of KINDS)
      if (!OF_TEXTS.includes(kind)) assert.ok((faults[kind] ?? 0) > 0, `no call met ${kind} of ${total.calls}`)

    const log = await logOf(workshop, name)
    assertOneEndEach(log, TOTAL)

    const responses = log.rewarded.flatMap(({ answer, samples, verification: { verdicts } }) =>
      [answer!, ...samples].map((response) => ({
        id: response.id,
        finish: response.generation.finishReason,
        complete: verdicts.find(({ responseId }) => responseId === response.id)?.complete,
      })),
    )
    const cut = responses.filter(({ finish }) => finish !== 'stop')
    assert.ok(cut.length > 0, 'no response was cut short')
    assert.deepEqual(
      new Set(cut.map(({ finish, complete }) => `${finish} ${String(complete)}`)),
      new Set(['length false']),
    )
    const cutIds = new Set(cut.map(({ id }) => id))
    const taken = [
      ...log.sft.map(({ responseId }) => responseId),
      ...log.preferences.flatMap(({ chosenId, rejectedId }) => [chosenId, rejectedId]),
    ]
    assert.deepEqual(
      taken.filter((id) => cutIds.has(id)),
      [],
    )
    const rows = await query<{ id: string }>(
      workshop,
      `SELECT id FROM responses FINAL WHERE run_id = '${name}' AND (finish_reason != 'stop') AND complete`,
    )
    assert.deepEqual(rows, [])
  })
})

// After kill -9 the group waits for the dead member until its session times out (45 s), and a new member with it.
// A member's client id names its machine and process, so whoever joins next dismisses members whose process,
// on this same machine, is gone. Members elsewhere are left to the session's time.

import type { Logger } from '../schemas/logger.ts'
import { processOfClientId } from './client-id.ts'
import type { KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'
import { processIsAlive } from './process-alive.ts'

/**
 * Takes members of dead processes of this machine out of the group, and `former`: what this consumer was itself
 * before it lost the broker. Returns how many. Throws Failure.
 */
export async function dismissDeadMembers(
  connection: KafkaConnection,
  group: string,
  former: string | null,
  log: Logger,
): Promise<number> {
  try {
    const { groups } = await connection.ask('reading a group', async (admin) => await admin.describeGroups([group]))
    const dead = (groups[0]?.members ?? []).filter(({ clientId, memberId }) => {
      if (memberId === former) return true
      const pid = processOfClientId(clientId)
      return pid !== null && !processIsAlive(pid)
    })
    if (dead.length === 0) return 0
    const cluster = await connection.cluster()
    // kafkajs's types leave this request out.
    const coordinator = (await cluster.findGroupCoordinator({ groupId: group })) as unknown as {
      leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>
    }
    for (const { memberId } of dead) await coordinator.leaveGroup({ groupId: group, memberId })
    log.info({ members: dead.length }, 'took dead members out of the group')
    return dead.length
  } catch (error) {
    throw toFailure(error, `looking at the members of group ${group}`)
  }
}

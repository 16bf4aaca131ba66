// Whether a process of this machine still runs: asked of dead group members, leaders of runs, owners of a database
// and writers of files that were left behind. One answer for all of them.

import { readFileSync } from 'node:fs'

/**
 * True while the process runs. One that was killed and that its parent has not asked for yet (a zombie) does not; a
 * zombie with threads left is still ending and does: its ports and locks are not free.
 */
export function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  if (process.platform !== 'linux') return true
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (error) {
    // It ended between the two looks; any other fault says nothing about it.
    return !['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
  // The fields after the name, which stands in brackets and may hold anything: the state first, threads as the 18th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return !(fields[0] === 'Z' && Number(fields[17]) <= 1)
}

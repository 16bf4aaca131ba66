// When the tasks of a stage run: at once, or one after the other in the order in which they came. Promise: what a task
// needs may be awaited for many tasks side by side; their order is that of the calls, however long each need takes.

/** Runs a task with what it needs, when that is there. */
export type InTurn = <Need, T>(
  need: Promise<Need> | undefined,
  task: (need: Need | undefined) => Promise<T>,
) => Promise<T>

/** Runs each task as soon as its need is there. */
export const atOnce: InTurn = async (need, task) => task(await need)

/** Runs each task when the one before has ended, however it ended. A task whose need fails, fails in its turn. */
export function oneAfterAnother(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (need, task) => {
    // It may fail long before its turn: that is told then, and is no unhandled rejection until then.
    need?.catch(() => undefined)
    const mine = last.then(() => need).then(task)
    last = mine.catch(() => undefined)
    return mine
  }
}

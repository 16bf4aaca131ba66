// Waits for the end that a user or a supervisor asks for.

/** The first SIGINT or SIGTERM; a second one ends the process at once, as the system does it. */
export function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const end = (signal: NodeJS.Signals): void => {
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
      resolve(signal)
    }
    process.on('SIGINT', end)
    process.on('SIGTERM', end)
  })
}

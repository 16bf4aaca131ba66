// What a run, or a replay of one, is called on the screen.

/** The run, with its revision where that is not main. */
export function nameOf({ runId, revision }: { readonly runId: string; readonly revision: string }): string {
  return revision === 'main' ? runId : `${runId} (${revision})`
}

// A table without lines, for terminals and pipes alike.

const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid']

/** Options of cli-table3. */
export const PLAIN = {
  chars: { ...Object.fromEntries([...none, ...inner].map((name) => [name, ''])), middle: '  ' },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
}

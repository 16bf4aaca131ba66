// What global-setup.ts has put at the tests' disposal: the installation, or the reason to skip.

import type { Installation } from './install.ts'

const given = process.env.MAGPIE_VLLM
const missing = process.env.MAGPIE_VLLM_MISSING ?? 'run these tests by npm run test:vllm'

/** Reason to skip, or false: for node:test's `skip`. */
export const noVllm: string | false = given === undefined ? `no vLLM here: ${missing}` : false

/** The installation; only behind noVllm. */
export function installed(): Installation {
  if (given === undefined) throw new Error(missing)
  return JSON.parse(given) as Installation
}

// The name of a reward: what the record, the tables and curate.reward call it.

import { z } from 'zod'

/** Config of a reward's name; the kind gives the default. */
export const rewardName = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens')

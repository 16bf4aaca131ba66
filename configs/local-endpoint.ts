// The endpoint `local` stands for the small model that the command line starts on this machine: its port is
// not known when the config is written. These two say whether it is wanted, and put its URL in.

import { LOCAL_ENDPOINT } from '../llm/config.ts'
import type { EndpointConfig } from '../llm/config.ts'
import { deepFreeze } from './canonical.ts'
import type { Config } from './schema.ts'

/** Whether any role or reward of the config names the endpoint `local`. */
export function wantsLocalModel(config: Config): boolean {
  const roles = Object.values(config.roles).flatMap((role) => role?.endpoints ?? [])
  const rewards = config.stages.reward.rewards.flatMap((reward) => ('endpoints' in reward ? reward.endpoints : []))
  return [...roles, ...rewards].some(({ url }) => url === LOCAL_ENDPOINT)
}

/** The same config with this server's base URL in every place of `local`, and its model's name beside it; frozen. */
export function withLocalModel(config: Config, server: { readonly url: string; readonly model: string }): Config {
  const copy = structuredClone(config)
  const fill = (speaker: { endpoints: EndpointConfig[]; model: string }): void => {
    for (const endpoint of speaker.endpoints) {
      if (endpoint.url !== LOCAL_ENDPOINT) continue
      endpoint.url = server.url
      speaker.model = server.model
    }
  }
  for (const role of Object.values(copy.roles)) if (role !== undefined) fill(role)
  for (const reward of copy.stages.reward.rewards) if ('endpoints' in reward) fill(reward)
  return deepFreeze(copy)
}

import type { TargetEvents } from "../target/options.ts";
import type { PluginHost, PluginSource } from "./host.ts";

/** What a plugin is told of one target; `plugin` names it, once there is one. */
export function pluginEvents(
  source: PluginSource,
  plugin: () => PluginHost | undefined,
): Partial<TargetEvents> {
  return {
    delivered: (delivery) => plugin()?.delivered(source, delivery),
    failed: (failure, _, attempts) => {
      if (attempts === 1) plugin()?.failed(source, failure);
    },
  };
}

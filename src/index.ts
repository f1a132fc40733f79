export { type LoadOptions, loadConfig } from "./config/load.ts";
export { ConfigError, type Mistake, type Note } from "./config/mistake.ts";
export type { Config, Remote, Source } from "./config/schema.ts";
export type { FilterConfig } from "./filter/filter.ts";
export { createLog, type LogOptions } from "./log.ts";
export { Mirror, type MirrorOptions, type PendingPaths } from "./mirror.ts";
export type {
  CreatePlugin,
  PluginChange,
  PluginStart,
  UserPlugin,
} from "./plugin/interface.ts";
export type { MirrorStatus, PluginReport, SourceStatus } from "./target/mirror-status.ts";
export type { TargetStatus } from "./target/status.ts";
export { defaultEvents, type EventSwitches } from "./watch/events.ts";

export { type LoadOptions, loadConfig } from "./config/load.ts";
export { ConfigError, type Mistake, type Note } from "./config/mistake.ts";
export type { Config, FilterConfig, Remote, Source } from "./config/schema.ts";
export { createLog, type LogOptions } from "./log.ts";
export { Mirror, type MirrorOptions } from "./mirror.ts";
export { defaultEvents, type EventSwitches } from "./watch/events.ts";

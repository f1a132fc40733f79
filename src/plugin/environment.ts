/** Secrets, and settings of ours that are nobody else's business. */
const ownVariables = /^(?:RSYNC_PASSWORD|SERSYNC_.*|NOTIFY_SOCKET|WATCHDOG_.*)$/;

/** The environment that a plugin gets: this process's without what is only for us. */
export function pluginEnvironment(
  environment: Readonly<NodeJS.ProcessEnv> = process.env,
): NodeJS.ProcessEnv {
  const entries = Object.entries(environment).filter(([name]) => !ownVariables.test(name));
  return Object.fromEntries(entries);
}

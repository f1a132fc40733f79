/** `sersync serve --module NAME=PATH… [--config FILE]` */
export interface ServeCommand {
  readonly kind: "serve";
  /** An rsyncd.conf. */
  readonly config: string | undefined;
  /** `name=path[,rw]…`, as they were given. */
  readonly modules: readonly string[];
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly passwordFile: string | undefined;
  readonly secretsFile: string | undefined;
  readonly motdFile: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsCa: string | undefined;
  readonly logFile: string | undefined;
  readonly pidFile: string | undefined;
  readonly maxConnections: number | undefined;
  /** Of them from one address. */
  readonly maxPerAddress: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly graceSeconds: number;
  /** `-d`: in the background. */
  readonly daemon: boolean;
  /** Say what would be served, and end. */
  readonly check: boolean;
}

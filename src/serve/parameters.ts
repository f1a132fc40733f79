/** A parameter of rsyncd.conf(5). */
export interface Parameter {
  readonly title: string;
  /** Of the daemon, or of each module: then in front of the modules it is their default. */
  readonly scope: "daemon" | "module";
  readonly kind: "text" | "flag" | "flag or unset" | "number";
}

const titles = {
  daemon: {
    text: `address, daemon chroot, daemon gid, daemon uid, motd file, pid file,
      proxy protocol hosts, socket options`,
    flag: "proxy protocol",
    "flag or unset": "",
    number: "listen backlog, port",
  },
  module: {
    text: `auth digest, auth users, charset, comment, dont compress, early exec, exclude,
      exclude from, filter, gid, hosts allow, hosts deny, include, include from, incoming chmod,
      lock file, log file, log format, name converter, outgoing chmod, path, post-xfer exec,
      pre-xfer exec, refuse options, secrets file, syslog facility, syslog tag, temp dir, uid`,
    flag: `fake super, forward lookup, ignore errors, ignore nonreadable, insecure links, list,
      read only, reverse lookup, strict modes, transfer logging, write only`,
    "flag or unset": "munge symlinks, numeric ids, open noatime, use chroot",
    number: "max connections, max verbosity, timeout",
  },
} as const;

function* allParameters(): Generator<Parameter> {
  for (const [scope, kinds] of Object.entries(titles)) {
    for (const [kind, list] of Object.entries(kinds)) {
      const names = list.split(",").map((title) => title.trim().replaceAll(/\s+/g, " "));
      for (const title of names) {
        if (title !== "") yield { title, scope, kind } as Parameter;
      }
    }
  }
}

/** Every parameter by its name without blanks. */
export const parameters: ReadonlyMap<string, Parameter> = new Map(
  Array.from(allParameters(), (each) => [each.title.replaceAll(" ", ""), each]),
);

/** What a value must look like; the words are those of the error message. */
export type ValueKind =
  | "switch"
  | "text"
  | "port"
  | "pagePort"
  | "seconds"
  | "minutes"
  | "count"
  | "percent";

export interface AttributeRule {
  readonly kind: ValueKind;
  /** What holds when the attribute, or its element, is absent; undefined: it must be there. */
  readonly fallback: string | undefined;
}

export interface ElementRule {
  readonly attributes: Readonly<Record<string, AttributeRule>>;
  readonly children: Readonly<Record<string, ElementRule>>;
  /** May stand more than once. */
  readonly many?: true;
  /** Its absence is ordinary and not worth a note. */
  readonly optional?: true;
}

function value(kind: ValueKind, fallback?: string): AttributeRule {
  return { kind, fallback };
}

function element(
  attributes: ElementRule["attributes"] = {},
  children: ElementRule["children"] = {},
): ElementRule {
  return { attributes, children };
}

function many(rule: ElementRule): ElementRule {
  return { ...rule, many: true };
}

function optional(rule: ElementRule): ElementRule {
  return { ...rule, optional: true };
}

const on: ElementRule = element({ start: value("switch", "true") });
const off: ElementRule = element({ start: value("switch", "false") });
const expression: ElementRule = optional(many(element({ expression: value("text") })));

const inotify: ElementRule = element(
  {},
  {
    delete: element({
      start: value("switch", "true"),
      guard: value("percent", ""),
      guardFrom: value("count", ""),
    }),
    createFolder: on,
    createFile: off,
    closeWrite: on,
    moveFrom: on,
    moveTo: on,
    attrib: off,
    modify: off,
  },
);

const rsync: ElementRule = element(
  {},
  {
    commonParams: element({ params: value("text", "-artuz") }),
    auth: element({
      start: value("switch", "false"),
      users: value("text", ""),
      passwordfile: value("text", ""),
    }),
    userDefinedPort: element({ start: value("switch", "false"), port: value("port", "874") }),
    timeout: element({ start: value("switch", "false"), time: value("seconds", "100") }),
    ssh: off,
  },
);

const sersync: ElementRule = element(
  {},
  {
    localpath: many(
      element(
        { watch: value("text") },
        {
          remote: optional(
            many(element({ ip: value("text"), name: value("text"), port: value("port", "") })),
          ),
        },
      ),
    ),
    rsync,
    failLog: element({
      path: value("text", "/tmp/rsync_fail_log.sh"),
      timeToExecute: value("minutes", "60"),
    }),
    crontab: element(
      {
        start: value("switch", "false"),
        schedule: value("minutes", "600"),
        cron: value("text", ""),
      },
      {
        crontabfilter: optional(
          element({ start: value("switch", "false") }, { exclude: expression }),
        ),
      },
    ),
    plugin: element({ start: value("switch", "false"), name: value("text", "command") }),
  },
);

const headers: ElementRule = optional(many(element({ name: value("text"), value: value("text") })));

/** Where a plugin looks and whom it tells. */
const pluginPlace: ElementRule = element(
  { watch: value("text", "") },
  {
    deshost: optional(
      element(
        {
          ip: value("text", ""),
          port: value("port", "8009"),
          url: value("text", ""),
          format: value("text", ""),
          secretfile: value("text", ""),
        },
        { header: headers },
      ),
    ),
    cdninfo: optional(
      element({
        domainname: value("text", ""),
        port: value("port", "80"),
        username: value("text", ""),
        passwd: value("text", ""),
      }),
    ),
    sendurl: optional(element({ base: value("text", "") })),
    regexurl: optional(element({ regex: value("switch", "false"), match: value("text", "") })),
    purge: optional(
      element(
        {
          method: value("text", "PURGE"),
          url: value("text"),
          body: value("text", ""),
          secretfile: value("text", ""),
        },
        { header: headers },
      ),
    ),
  },
);

const pluginSection: ElementRule = optional(
  many(
    element(
      {
        name: value("text"),
        onlySuccess: value("switch", "false"),
        timeout: value("seconds", ""),
        concurrency: value("count", ""),
        retries: value("count", ""),
        queue: value("count", ""),
      },
      {
        param: optional(
          element({
            prefix: value("text", ""),
            suffix: value("text", ""),
            ignoreError: value("switch", "true"),
          }),
        ),
        filter: optional(element({ start: value("switch", "false") }, { include: expression })),
        localpath: optional(pluginPlace),
        module: optional(
          element(
            { path: value("text"), secretfile: value("text", "") },
            { setting: optional(many(element({ name: value("text"), value: value("text") }))) },
          ),
        ),
      },
    ),
  ),
);

/**
 * Every element and attribute of sersync 2.5's confxml.xml with its default, plus our own
 * additions: `filter builtin`, `crontab cron`, `remote port`, `delete guard`, `delete guardFrom`, and
 * what only new plugins need.
 */
export const headRule: ElementRule = element(
  { version: value("text", "2.5") },
  {
    host: element({ hostip: value("text", "localhost"), port: value("pagePort", "8008") }),
    debug: off,
    fileSystem: element({ xfs: value("switch", "false") }),
    filter: element(
      { start: value("switch", "false"), builtin: value("switch", "false") },
      { exclude: expression },
    ),
    inotify,
    sersync,
    plugin: pluginSection,
  },
);

/** Attributes whose absence says nothing: sersync's own files do not have them. */
export const additions: ReadonlySet<string> = new Set([
  "filter builtin",
  "crontab cron",
  "remote port",
  "plugin onlySuccess",
  "plugin timeout",
  "plugin concurrency",
  "plugin retries",
  "plugin queue",
  "deshost format",
  "deshost url",
  "deshost secretfile",
  "purge method",
  "purge body",
  "purge secretfile",
  "module secretfile",
  "delete guard",
  "delete guardFrom",
]);

/** Where in the file an element may stand: its name to the chains of names that lead to it. */
export const elementHomes: ReadonlyMap<string, readonly string[]> = collectHomes();

function collectHomes(): Map<string, string[]> {
  const homes = new Map<string, string[]>();
  function visit(rule: ElementRule, path: string): void {
    for (const [name, child] of Object.entries(rule.children)) {
      const known = homes.get(name.toLowerCase()) ?? [];
      homes.set(name.toLowerCase(), [...known, path]);
      visit(child, `${path}/${name}`);
    }
  }
  visit(headRule, "head");
  return homes;
}

/** `authstart` -> `["auth", "start"]`: an element and attribute written without their blank. */
export function splitGlued(word: string): readonly [string, string] | readonly [] {
  const lower = word.toLowerCase();
  let best: readonly [string, string] | readonly [] = [];
  function visit(rule: ElementRule, element: string): void {
    for (const attribute of Object.keys(rule.attributes)) {
      if (`${element}${attribute}`.toLowerCase() === lower) best = [element, attribute];
    }
    for (const [name, child] of Object.entries(rule.children)) visit(child, name);
  }
  visit(headRule, "head");
  return best;
}

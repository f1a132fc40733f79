import { shellQuote } from "./words.ts";

/** What a mirror needs to know; the rest has defaults. */
export interface MirrorSettings {
  /** The directory to watch. */
  readonly source: string;
  readonly targets: readonly TargetSettings[];
  /** rsync options; default `-a`. */
  readonly params?: string;
  /** rsync patterns that are left out everywhere. */
  readonly excludes?: readonly string[];
  /** Default true: what is deleted here is deleted there. */
  readonly deletes?: boolean;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly timeoutSeconds?: number;
  /** Compare everything again so often; absent: never. */
  readonly reconcileMinutes?: number;
  readonly debug?: boolean;
  /** Where the status page is; default localhost:8008. */
  readonly page?: { readonly ip: string; readonly port: number };
}

/** One rsync module, and perhaps a directory in it. */
export interface TargetSettings {
  readonly host: string;
  readonly port?: number;
  /** `module` or `module/dir` */
  readonly name: string;
  readonly user?: string;
}

/** The settings as a commented confxml.xml that sersync 2.5 could read as well. */
export function formatConfxml(settings: MirrorSettings): string {
  const { source, targets, deletes = true, debug = false } = settings;
  const { ip, port } = settings.page ?? { ip: "localhost", port: 8008 };
  return `<?xml version="1.0" encoding="UTF-8"?>
<head version="2.5">
    <!-- the status page; port 0: none -->
    <host hostip=${quoted(ip)} port="${port}"/>
    <!-- true: say more in the log -->
    <debug start="${debug}"/>
    <fileSystem xfs="false"/>
    <!-- true: leave out what these regexes match whole, such as (.*)\\.tmp or ^cache/* -->
    <filter start="false">
    </filter>
    <!-- which events count; with delete="false" nothing is ever deleted at the destination -->
    <inotify>
        <delete start="${deletes}"/>
        <createFolder start="true"/>
        <createFile start="false"/>
        <closeWrite start="true"/>
        <moveFrom start="true"/>
        <moveTo start="true"/>
        <attrib start="true"/>
        <modify start="false"/>
    </inotify>
    <sersync>
        <!-- a directory, and the rsync modules that are kept equal to it; both may be repeated -->
        <localpath watch=${quoted(source)}>
${targets.map(remoteLine).join("\n")}
        </localpath>
        <rsync>
            <!-- rsync's options -->
            <commonParams params=${quoted(paramsOf(settings))}/>
            ${authLine(settings)}
            <userDefinedPort start="false" port="873"/>
            ${timeoutLine(settings)}
            <ssh start="false"/>
        </rsync>
        <!-- where to read what could not be delivered, and how often it is tried again (minutes) -->
        <failLog path="/tmp/rsync_fail_log.sh" timeToExecute="60"/>
        <!-- true: compare everything again every so many minutes -->
        ${crontabLine(settings)}
        <plugin start="false" name="command"/>
    </sersync>
</head>
`;
}

function remoteLine({ host, port, name, user }: TargetSettings): string {
  const ip = `${user === undefined ? "" : `${user}@`}${host.includes(":") ? `[${host}]` : host}`;
  const portText = port === undefined ? "" : ` port="${port}"`;
  return `            <remote ip=${quoted(ip)} name=${quoted(name)}${portText}/>`;
}

function paramsOf({ params = "-a", excludes = [] }: MirrorSettings): string {
  return [params, ...excludes.map((pattern) => `--exclude=${shellQuote(pattern)}`)].join(" ");
}

function authLine({ passwordFile, targets, ...rest }: MirrorSettings): string {
  const user = rest.user ?? targets.find((target) => target.user !== undefined)?.user;
  const start = user !== undefined || passwordFile !== undefined;
  return `<auth start="${start}" users=${quoted(user ?? "")} passwordfile=${quoted(passwordFile ?? "")}/>`;
}

function timeoutLine({ timeoutSeconds }: MirrorSettings): string {
  return `<timeout start="${timeoutSeconds !== undefined}" time="${timeoutSeconds ?? 100}"/>`;
}

function crontabLine({ reconcileMinutes }: MirrorSettings): string {
  return `<crontab start="${reconcileMinutes !== undefined}" schedule="${reconcileMinutes ?? 600}"/>`;
}

function quoted(value: string): string {
  const escaped = value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  return `"${escaped}"`;
}

import { RsyncError } from "../../errors.ts";

/** How to get into another machine. Plain data, which may be sent to a worker. */
export interface SshOptions {
  /** Default: the user who runs this. */
  readonly user?: string;
  /** Private keys; default `~/.ssh/id_ed25519`, `id_ecdsa` and `id_rsa`, those that are there. */
  readonly identityFiles?: readonly string[];
  /** For private keys that are encrypted; never shown. */
  readonly passphrase?: string;
  /** Socket of an agent; default SSH_AUTH_SOCK; "none": no agent. */
  readonly agent?: string;
  /** Never shown. */
  readonly password?: string;
  /** Default `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`. */
  readonly knownHostsFiles?: readonly string[];
  /**
   * Which hosts are trusted, as StrictHostKeyChecking says it: `yes` those that are known,
   * `accept-new` also new ones, which are known from then on, `no` whoever answers. Default `yes`.
   */
  readonly strictHostKeyChecking?: "yes" | "accept-new" | "no";
  /** `--rsync-path`: the program on the other machine; default `rsync`. */
  readonly program?: string;
}

/** What the words of `-e` come to. */
export interface RemoteShell {
  readonly ssh: SshOptions;
  readonly port?: number;
  readonly family?: 4 | 6;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Writable<Omit<RemoteShell, "ssh">> & { readonly ssh: Writable<SshOptions> };

type Setting = (value: string, draft: Draft) => boolean;

const noIdentities: readonly string[] = [];

/** Each takes a value, and says whether it is one that ssh would take. */
const settings: Readonly<Record<string, Setting>> = {
  port: (value, draft) => {
    draft.port = Number(value);
    return /^\d{1,5}$/.test(value) && draft.port >= 1 && draft.port <= 65_535;
  },
  user: (value, { ssh }) => {
    ssh.user = value;
    return value !== "";
  },
  identityfile: (value, { ssh }) => {
    ssh.identityFiles = [...(ssh.identityFiles ?? noIdentities), value];
    return value !== "";
  },
  identityagent: (value, { ssh }) => {
    ssh.agent = value;
    return value !== "";
  },
  userknownhostsfile: (value, { ssh }) => {
    ssh.knownHostsFiles = value.split(" ");
    return value !== "";
  },
  stricthostkeychecking: (value, { ssh }) => {
    const known = { yes: "yes", no: "no", off: "no", "accept-new": "accept-new" } as const;
    const wanted = known[value as keyof typeof known];
    ssh.strictHostKeyChecking = wanted ?? "yes";
    return wanted !== undefined;
  },
  addressfamily: (value, draft) => {
    if (value === "inet" || value === "inet6") draft.family = value === "inet" ? 4 : 6;
    return ["any", "inet", "inet6"].includes(value);
  },
};

/** Said for what is so here anyway. */
const granted = new Set(["batchmode", "compression", "loglevel", "connecttimeout"]);
const letters: Readonly<Record<string, string>> = { p: "port", l: "user", i: "identityfile" };
/** Letters without a value that change nothing here. */
const harmless = /^[TxqanvCk]+$/;

/**
 * Reads the words of `-e`, such as `ssh -p 2222 -i key -o StrictHostKeyChecking=no`.
 *
 * @throws {RsyncError} BAD_OPTION for what is not ssh, or for an option of its that is not here.
 */
export function parseRemoteShell(words: readonly string[]): RemoteShell {
  const [program = "", ...rest] = words;
  if (!/(?:^|\/)ssh$/.test(program)) throw refusal(program, "the only remote shell is ssh");
  const draft: Draft = { ssh: {} };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, letter = "", attached = ""] = /^-(.)(.*)$/s.exec(word) ?? [];
    if (letter === "4" || letter === "6") draft.family = letter === "4" ? 4 : 6;
    else if (letter === "o") readOption(attached || (rest.shift() ?? ""), draft);
    else if (letters[letter] !== undefined) {
      set(letters[letter], attached || (rest.shift() ?? ""), word, draft);
    } else if (!harmless.test(word.slice(1)) || !word.startsWith("-")) {
      throw refusal(word, "sersync's ssh has no such option");
    }
  }
  return draft;
}

/** `Name=value` or `Name value`. */
function readOption(text: string, draft: Draft): void {
  const [, name = "", value = ""] = /^(\w+)(?:\s*=\s*|\s+)(.*)$/s.exec(text) ?? [];
  if (!granted.has(name.toLowerCase())) set(name.toLowerCase(), value, `-o ${text}`, draft);
}

function set(name: string, value: string, shown: string, draft: Draft): void {
  const setting = settings[name];
  if (setting === undefined) throw refusal(shown, "sersync's ssh has no such option");
  if (!setting(value, draft)) throw refusal(shown, "ssh would not take this value");
}

function refusal(found: string, because: string): RsyncError {
  return new RsyncError("BAD_OPTION", `Cannot use -e: found ${JSON.stringify(found)}; ${because}`);
}

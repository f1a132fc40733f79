import type { ListedParts, ListFilesOptions, Target } from "../../protocol/index.ts";

/** `sersync list URL` */
export interface ListCommand {
  readonly kind: "list";
  readonly url: string;
  readonly recursive: boolean;
  readonly json: boolean;
  readonly motd: boolean;
  readonly timeoutMs: number;
  readonly passwordFile: string | undefined;
  readonly port: number | undefined;
  readonly protocol: number | undefined;
  /** `-e` and `--rsync-path` */
  readonly remoteShell: string | undefined;
  readonly program: string | undefined;
  /** How the daemon is reached, where `sersync pull --list-only` says so. */
  readonly reached?: Pick<Target, "family" | "localAddress" | "earlyInput"> | undefined;
  /** What that says besides. */
  readonly parts?: (ListedParts & Pick<ListFilesOptions, "relative">) | undefined;
}

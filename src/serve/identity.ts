import type { ProcessIds } from "../../protocol/index.ts";
import type { Accounts } from "./accounts.ts";
import type { ServedModule } from "./module.ts";
import type { Findings } from "./problem.ts";
import type { Values } from "./values.ts";

/** Who this process is when it begins. */
export interface OwnIds {
  readonly uid: number;
  readonly gids: readonly number[];
}

/** The rights of this process; on systems without users those of nobody in particular. */
export function ownIds(): OwnIds {
  const uid = process.getuid?.() ?? -1;
  return { uid, gids: [process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])] };
}

interface IdentityContext {
  readonly findings: Findings;
  readonly accounts: Accounts;
  readonly own: OwnIds;
}

/**
 * Whom the process becomes once it listens: as rsync, root becomes nobody unless told otherwise. One
 * process has one user, so that all modules must agree.
 *
 * @returns undefined when it stays who it is.
 */
export function identityFor(
  modules: readonly ServedModule[],
  daemon: Values,
  context: IdentityContext,
): ProcessIds | undefined {
  const { findings, own } = context;
  const forced = daemon.text("daemon uid");
  const wanted = modules.map((module) => {
    const uid = forced ?? module.uid;
    const gid = daemon.text("daemon gid") ?? module.gid;
    return { module, ids: resolve({ uid, gid }, module, context) };
  });
  const first = wanted[0];
  if (first === undefined) return undefined;
  for (const { module, ids } of wanted.slice(1)) {
    if (sameIds(ids, first.ids)) continue;
    findings.mistake(
      module.place,
      `uid, gid: ${describe(ids)} here and ${describe(first.ids)} in module ${first.module.module.name}: one process serves as one user, start one for each`,
    );
  }
  const { uid = own.uid, gids = own.gids } = first.ids;
  if (own.uid === 0) return uid === 0 && gids[0] === 0 ? undefined : first.ids;
  if (uid !== own.uid || gids.some((gid) => !own.gids.includes(gid))) {
    findings.mistake(first.module.place, `uid, gid: only root can become ${describe(first.ids)}`);
  }
  return undefined;
}

/** Whom nobody else is, where no table of users says so: in a container, for instance. */
const nobodysId = 65_534;

interface Named {
  readonly uid: string | undefined;
  readonly gid: string | undefined;
}

function resolve(
  { uid: user, gid: groups }: Named,
  { place }: ServedModule,
  { findings, accounts, own }: IdentityContext,
): ProcessIds {
  const asRoot = own.uid === 0;
  const nobody = asRoot ? (accounts.uid("nobody") ?? nobodysId) : undefined;
  const uid = user === undefined ? nobody : accounts.uid(user);
  if (user !== undefined && uid === undefined) findings.mistake(place, `uid: no user ${user}`);
  if (groups === undefined) return { uid, gids: asRoot ? [nobodysGroup(accounts)] : undefined };
  const gids = groupNames(groups).flatMap((name, at) => {
    if (name === "*" && at === 0 && uid !== undefined) return accounts.groupsOf(uid);
    const gid = accounts.gid(name);
    if (gid === undefined) findings.mistake(place, `gid: no group ${name}`);
    return gid ?? [];
  });
  // Without any the process would keep root's.
  if (gids.length === 0) findings.mistake(place, `gid: there is no group in "${groups}"`);
  return { uid, gids };
}

function nobodysGroup(accounts: Accounts): number {
  return accounts.gid("nobody") ?? accounts.gid("nogroup") ?? nobodysId;
}

/** Parted by blanks and commas; by commas only when the list begins with one. */
function groupNames(text: string): string[] {
  const parts = text.startsWith(",") ? text.split(",") : text.split(/[\s,]+/);
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function sameIds(a: ProcessIds, b: ProcessIds): boolean {
  return a.uid === b.uid && String(a.gids) === String(b.gids);
}

function describe({ uid, gids }: ProcessIds): string {
  return `user ${uid ?? "as started"}, group ${gids?.join(",") ?? "as started"}`;
}

import { asBytePath } from "../../protocol/index.ts";
import type { FilterConfig } from "../filter/filter.ts";
import { compileRules } from "../filter/rules.ts";
import { quote } from "./mistake.ts";
import type { Report } from "./report.ts";
import type { Remote, Source } from "./schema.ts";

/** One destination, and where the file names it. */
export interface Place {
  readonly watch: string;
  readonly remote: Remote;
  readonly offset: number;
}

/** What of a directory's destinations is worth doing: of those with one place the first. */
export function withoutRepeated(places: readonly Place[], report: Report): readonly Place[] {
  return places.filter(({ remote, offset }, index) => {
    const isFirst = !places.slice(0, index).some((earlier) => isSamePlace(earlier.remote, remote));
    if (!isFirst) {
      const found = `remote: ${quote(`${remote.host}::${remote.name}`)} stands again in <localpath>`;
      report.warning(offset, `${found}; the first one is taken`);
    }
    return isFirst;
  });
}

/**
 * The sources, with the destinations marked to which, or into which, several directories are
 * mirrored: what one of them has brought is extraneous to the comparison of another.
 *
 * @param filter what it leaves out of the outer directory is not compared, so nothing is shared.
 */
export function markShared(
  sources: readonly Source[],
  places: readonly Place[],
  { filter, report }: { readonly filter: FilterConfig; readonly report: Report },
): readonly Source[] {
  const shared = new Set<Remote>();
  for (const [index, place] of places.entries()) {
    const earlier = places.slice(0, index);
    const others = earlier.filter(({ remote }) => meet(remote, place.remote, filter));
    for (const { remote } of others) shared.add(remote).add(place.remote);
    const [first] = others;
    if (first === undefined) continue;
    report.warning(
      place.offset,
      `remote name: found ${quote(place.remote.name)}, where ${quote(first.watch)} is mirrored, too: comparisons delete nothing in either; give each directory a place of its own`,
    );
  }
  return sources.map(({ watch, remotes }) => ({
    watch,
    remotes: remotes.map((remote) => (shared.has(remote) ? { ...remote, isShared: true } : remote)),
  }));
}

function isSamePlace(one: Remote, other: Remote): boolean {
  return pathDown(one, other) === "";
}

/** True when one is at, or below, the other, and not left out of it. */
function meet(one: Remote, other: Remote, filter: FilterConfig): boolean {
  const down = pathDown(one, other) ?? pathDown(other, one);
  return down !== undefined && !compileRules(filter).excluded(asBytePath(down), true);
}

/** The path that leads from one destination down to another; undefined when none does. */
function pathDown(above: Remote, below: Remote): string | undefined {
  const isOneDaemon = above.port === below.port && above.host === below.host;
  const isOneHome = above.user === below.user || !isBelowHome(above);
  const [from, to] = [placeOf(above), placeOf(below)];
  return isOneDaemon && isOneHome && to.startsWith(from) ? to.slice(from.length, -1) : undefined;
}

/** Over ssh a relative path begins in the home directory of whoever is logged in. */
function isBelowHome({ module, name }: Remote): boolean {
  return module === "" && !name.startsWith("/");
}

/** Module and directory, or over ssh the directory alone, with one slash behind each part. */
function placeOf({ name }: Remote): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  return [name.startsWith("/") ? "" : ".", ...parts, ""].join("/");
}

import { type BytePath, parentPath } from "../../protocol/index.ts";
import type { PathMap } from "./path-map.ts";
import { fresh, merged, type State } from "./state.ts";

/**
 * The directories to take as whole trees so that no more than `most` members stay: those with the
 * most members directly in them first, and where that is not enough, the ones above. The root alone
 * is the end of it. Nothing is left out: every path is one of the answer's or lies below one.
 *
 * @param most at least 1.
 * @returns the trees, none of them below another.
 */
export function treesCovering(paths: Iterable<BytePath>, most: number): Set<BytePath> {
  let members = new Set(paths);
  const trees = new Set<BytePath>();
  while (members.size > most) {
    const parents = childrenByParent(members);
    let left = members.size;
    for (const [parent, children] of parents) {
      if (left <= most) break;
      for (const child of children) members.delete(child);
      members.add(parent);
      trees.add(parent);
      left -= children.length - 1;
    }
    members = withoutCovered(members, trees);
  }
  return new Set([...members].filter((path) => trees.has(path)));
}

/** What becomes whole trees, and what those take along. */
export interface Gathered {
  /** Each with what its members come to together. */
  readonly trees: ReadonlyMap<BytePath, State>;
  readonly members: readonly BytePath[];
}

/**
 * The same for states. What must be sent in full is no member, unless there is too much of it: a tree
 * that took it along would have to be sent in full, too.
 */
export function gather(states: PathMap<State>, most: number): Gathered {
  const inFull = [...states].filter(([, { resend }]) => resend).length;
  const isMember = ({ resend }: State): boolean => !resend || inFull > most / 2;
  const possible = [...states].filter(([, state]) => isMember(state));
  const paths = possible.map(([path]) => path);
  const covering = treesCovering(paths, Math.max(1, most - (states.size - paths.length)));
  const gathered = new Map<BytePath, State>();
  const members: BytePath[] = [];
  for (const [path, state] of possible) {
    const tree = treeAbove(path, covering);
    if (tree === undefined) continue;
    members.push(path);
    const known = gathered.get(tree) ?? states.get(tree) ?? state;
    const { since, attempts, notBefore, reason, resend } = merged(state, known);
    gathered.set(tree, { ...fresh, whole: true, since, attempts, notBefore, reason, resend });
  }
  return { trees: gathered, members };
}

/** The members in each directory, the fullest directory first. */
function childrenByParent(members: ReadonlySet<BytePath>): [BytePath, BytePath[]][] {
  const parents = new Map<BytePath, BytePath[]>();
  for (const path of members) {
    if (path === "") continue;
    const parent = parentPath(path);
    const children = parents.get(parent);
    if (children === undefined) parents.set(parent, [path]);
    else children.push(path);
  }
  return [...parents].sort(([, a], [, b]) => b.length - a.length);
}

function withoutCovered(
  members: ReadonlySet<BytePath>,
  trees: ReadonlySet<BytePath>,
): Set<BytePath> {
  const isCovered = (path: BytePath): boolean =>
    path !== "" && treeAbove(parentPath(path), trees) !== undefined;
  return new Set([...members].filter((path) => !isCovered(path)));
}

/** The one of `trees` that is `path` itself or lies above it. */
function treeAbove(
  path: BytePath,
  trees: Pick<ReadonlySet<BytePath>, "has">,
): BytePath | undefined {
  for (let above = path; ; above = parentPath(above)) {
    if (trees.has(above)) return above;
    if (above === "") return undefined;
  }
}

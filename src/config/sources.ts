import type { FilterConfig } from "../filter/filter.ts";
import { quote } from "./mistake.ts";
import type { Node, Reader } from "./reader.ts";
import { type Reach, readRemote } from "./remote.ts";
import type { Source } from "./schema.ts";
import { markShared, type Place, withoutRepeated } from "./shared-places.ts";
import { absolutePath, type Surroundings } from "./surroundings.ts";
import { watchablePath } from "./watchable.ts";

/** What reading the watched directories needs. */
export interface SourcesContext {
  readonly reader: Reader;
  readonly surroundings: Surroundings;
  /** Remotes may be absent, and are left out: a plugin runs alone. */
  readonly remotesOptional: boolean;
  /** The directory of the plugin that is used, which goes before the source's own; "" is none. */
  readonly pluginWatch: string;
  readonly filter: FilterConfig;
  /** Whether comparisons delete at the destinations what the source has not. */
  readonly deletes: boolean;
}

/** Every `<localpath>` with its remotes; sersync took the first one only. */
export function readSources(
  context: SourcesContext,
  sersync: Node,
  reach: Reach,
): readonly Source[] {
  const { reader } = context;
  const nodes = reader.children(sersync, "localpath");
  if (nodes.length === 0) {
    reader.report.mistake(sersync.offset, "<localpath> is missing in <sersync>: nothing to watch");
  }
  const [only, second] = nodes;
  if (only !== undefined && second === undefined && context.pluginWatch !== "") {
    return [replacedSource(context, only, reach)];
  }
  const sources: Source[] = [];
  const places: Place[] = [];
  for (const node of nodes) {
    const watch = readWatch(context, node);
    const found = readRemotes(context, node, reach, watch);
    if (watch === undefined) continue;
    if (sources.some((source) => source.watch === watch)) {
      reader.report.mistake(
        node.offset,
        `localpath watch: ${quote(watch)} stands twice; put all its remotes into one <localpath>`,
      );
    }
    places.push(...found);
    sources.push({ watch, remotes: found.map(({ remote }) => remote) });
  }
  checkPluginWatch(context, sersync, sources);
  const { deletes, filter } = context;
  return deletes && !reader.report.failed
    ? markShared(sources, places, { filter, report: reader.report })
    : sources;
}

/**
 * A plugin with a directory of its own had that directory watched and pushed in the place of the
 * source's.
 */
function replacedSource(context: SourcesContext, node: Node, reach: Reach): Source {
  const { reader, surroundings, pluginWatch } = context;
  const { value, offset } = reader.text(node, "watch");
  if (value !== "" && absolutePath(value, surroundings.workingDirectory) !== pluginWatch) {
    reader.report.warning(
      offset,
      `localpath watch: as in sersync the plugin's directory ${quote(pluginWatch)} is watched and pushed instead of ${quote(value)}; leave its watch empty to keep this one`,
    );
  }
  const places = readRemotes(context, node, reach, pluginWatch);
  return { watch: pluginWatch, remotes: places.map(({ remote }) => remote) };
}

/** sersync knew one source; where there are several, the plugin's directory chooses one. */
function checkPluginWatch(
  { reader, pluginWatch }: SourcesContext,
  sersync: Node,
  sources: readonly Source[],
): void {
  if (pluginWatch === "" || sources.some(({ watch }) => watch === pluginWatch)) return;
  reader.report.mistake(
    sersync.offset,
    `<localpath>: the plugin's directory ${quote(pluginWatch)} is none of those that are watched; name one of them, or leave its watch empty for all`,
  );
}

function readWatch({ reader, surroundings }: SourcesContext, node: Node): string | undefined {
  const { value, offset } = reader.text(node, "watch");
  if (value === "") {
    if (node.xml?.attributes.has("watch")) {
      reader.report.mistake(offset, 'localpath watch: found ""; allowed is a directory');
    }
    return undefined;
  }
  return watchablePath(value, offset, { reader, surroundings });
}

function readRemotes(
  { reader, remotesOptional }: SourcesContext,
  node: Node,
  reach: Reach,
  watch = "",
): readonly Place[] {
  const nodes = reader.children(node, "remote");
  if (nodes.length === 0 && !remotesOptional) {
    reader.report.mistake(node.offset, "<remote> is missing in <localpath>: nowhere to mirror to");
  }
  const places = nodes.flatMap((child) => {
    const remote = readRemote(reader, child, reach);
    return remote === undefined ? [] : [{ watch, remote, offset: child.offset }];
  });
  // Their mistakes are said in either case.
  return remotesOptional ? [] : withoutRepeated(places, reader.report);
}

import { quote } from "./mistake.ts";
import { type PluginContext, readBase, readSections } from "./plugin-base.ts";
import { sectionReaders } from "./plugin-sections.ts";
import type { Node, Reader } from "./reader.ts";
import { type PluginName, type PluginSettings, pluginNames } from "./schema.ts";
import { nearestWord } from "./spelling.ts";

/** A plugin that is used, and where the file (or its absence of a word) asks for it. */
export interface UsedPlugin {
  readonly name: PluginName;
  readonly offset: number;
}

/** The plugin that `<sersync><plugin start="true" name=…/>` asks for; undefined when it is off. */
export function readUsedPlugin(reader: Reader, sersync: Node): UsedPlugin | undefined {
  const node = reader.child(sersync, "plugin");
  if (!reader.switch(node)) return undefined;
  const { value, offset } = reader.text(node, "name");
  const name = pluginNames.find((known) => known === value);
  if (name !== undefined) return { name, offset: node.offset };
  const near = nearestWord(value, pluginNames);
  reader.report.mistake(
    offset,
    `plugin name: found ${quote(value)}; allowed are ${pluginNames.join(", ")}${near ? `; did you mean ${near}?` : ""}`,
  );
  return undefined;
}

/** The sections of the plugins that are used; the others may be absent or unfinished. */
export function readPluginSettings(
  context: PluginContext,
  head: Node,
  used: readonly UsedPlugin[],
): PluginSettings {
  const sections = readSections(context.reader, head);
  const settings: Partial<Record<PluginName, unknown>> = {};
  for (const { name, offset } of used) {
    const section = sections.get(name);
    if (section === undefined) {
      context.reader.report.mistake(offset, `<plugin name="${name}"> is missing in <head>`);
    } else if (settings[name] === undefined) {
      const base = readBase(context.reader, section, name);
      settings[name] = { ...base, ...sectionReaders[name](context, section) };
    }
  }
  return settings as PluginSettings;
}

import type { Node, Reader } from "./reader.ts";
import type { DeleteGuard } from "./schema.ts";

/**
 * `<delete start="true" guard="50" guardFrom="100"/>`, our own attributes: a comparison of the whole
 * tree that would delete more than `guard` percent of what the target has, and at least `guardFrom`
 * objects, deletes nothing and says so. With 100 percent only a source that is empty is asked about.
 */
export function readDeleteGuard(reader: Reader, head: Node): DeleteGuard {
  const node = reader.child(reader.child(head, "inotify"), "delete");
  const has = (name: string): boolean => Boolean(node.xml?.attributes.has(name));
  return {
    ...(has("guard") && { share: reader.number(node, "guard", "percent").value / 100 }),
    ...(has("guardfrom") && { least: reader.number(node, "guardFrom", "count").value }),
  };
}

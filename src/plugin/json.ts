import { exactText, textOf } from "./bytes.ts";
import { type PluginEvent, wholePath } from "./plugin.ts";

/**
 * An event as one line of JSON, without the line end.
 *
 * Names are text; one that is not UTF-8 is escaped (`\#ooo`), and `pathBase64` has its bytes.
 */
export function formatEvent(event: PluginEvent, now: Date = new Date()): string {
  const { kind, target, result, reason } = event;
  const path = wholePath(event);
  return JSON.stringify({
    time: now.toISOString(),
    root: textOf(event.root),
    path: textOf(path),
    relativePath: event.path === "" ? "." : textOf(event.path),
    ...(exactText(path) === undefined && {
      pathBase64: Buffer.from(path, "latin1").toString("base64"),
    }),
    kind,
    result,
    ...(target && { target }),
    ...(reason && { reason }),
  });
}

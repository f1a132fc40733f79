import net from "node:net";
import { expect, test } from "vitest";
import type { TargetSettings } from "../../../src/push/message.ts";
import { Sessions } from "../../../src/push/sessions.ts";
import { listen } from "../../support/servers.ts";

/** A daemon whose slots are all in use by others. */
function fullDaemon() {
  return net.createServer((socket) => {
    socket.write("@RSYNCD: 31.0\n");
    socket.once("data", () =>
      socket.end("@ERROR: max connections (1) reached -- try again later\n"),
    );
  });
}

/** Nothing is read, and nobody asks. */
const nothing = {} as never;

test("an idle target that had no room once is looked at again, and noticed to be gone", async () => {
  const looks: unknown[] = [];
  let sessions: Sessions;
  {
    await using daemon = await listen(fullDaemon());
    const settings = {
      target: { host: "127.0.0.1", port: daemon.port, module: "m" },
      filter: { builtin: false, expressions: [], patterns: [] },
      transfer: {},
      sessions: 2,
    } as unknown as TargetSettings;
    sessions = new Sessions(settings, {
      onLook: ({ failure }) => looks.push(failure),
      crampedMs: 300,
    });
    await expect(sessions.push("small", [], nothing, nothing)).rejects.toMatchObject({
      code: "MAX_CONNECTIONS",
    });
  }
  await expect
    .poll(() => looks.at(-1), { timeout: 5_000 })
    .toMatchObject({ message: expect.stringContaining("connection refused") });
  sessions.close();
});

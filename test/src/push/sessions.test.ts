import net from "node:net";
import { expect, test } from "vitest";
import type { TargetSettings } from "../../../src/push/message.ts";
import { Sessions, type SessionsOptions } from "../../../src/push/sessions.ts";
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

/** Sessions to a daemon that is full, and gone before `then` is called with what looks have shown. */
async function withLostDaemon(
  options: Pick<SessionsOptions, "crampedMs" | "lookEveryMs">,
  meet: (sessions: Sessions, looks: readonly unknown[]) => Promise<void>,
): Promise<readonly unknown[]> {
  const looks: unknown[] = [];
  const onLook = ({ failure }: { readonly failure?: unknown }): void => void looks.push(failure);
  let sessions: Sessions;
  {
    await using daemon = await listen(fullDaemon());
    const settings = {
      target: { host: "127.0.0.1", port: daemon.port, module: "m" },
      filter: { builtin: false, expressions: [], patterns: [] },
      transfer: {},
      sessions: 2,
    } as unknown as TargetSettings;
    sessions = new Sessions(settings, { onLook, ...options });
    await meet(sessions, looks);
  }
  await expect
    .poll(() => looks.at(-1))
    .toMatchObject({ message: expect.stringContaining("connection refused") });
  sessions.close();
  return looks;
}

const refused = async (sessions: Sessions): Promise<void> => {
  await expect(sessions.push("small", [], nothing, nothing)).rejects.toMatchObject({
    code: "MAX_CONNECTIONS",
  });
};

test("an idle target that had no room once gets a session again, and is noticed to be gone", async () => {
  await withLostDaemon({ crampedMs: 300 }, refused);
});

test("until then it is looked whether it is there, without a session", async () => {
  const looks = await withLostDaemon({ lookEveryMs: 20 }, async (sessions, seen) => {
    await refused(sessions);
    await expect.poll(() => seen.length).toBeGreaterThan(0);
  });
  expect(looks[0]).toBeUndefined();
});

test("a target that has no room for the first session that is to wait is looked at, too", async () => {
  const looks = await withLostDaemon({ lookEveryMs: 20 }, async (sessions, seen) => {
    sessions.prepare(["small"]);
    await expect.poll(() => seen.length).toBeGreaterThan(1);
  });
  expect(looks.slice(0, 2)).toEqual([undefined, undefined]);
});

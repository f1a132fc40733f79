import path from "node:path";
import { expect, test } from "vitest";
import {
  type DaemonEvent,
  FilterRules,
  parseFilterRule,
  push,
  Session,
} from "../../protocol/index.ts";
import { describeDaemons } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { runRsync, type ServedModule, serveModule } from "../support/served.ts";
import { makeTree, readTree } from "../support/tree.ts";

const passwords: Readonly<Record<string, string>> = { alice: "secret", bob: "b", "@staff": "s" };

function serveUsers(): Promise<ServedModule> {
  return serveModule({
    readOnly: true,
    users: [
      { user: "alice", access: "write" },
      { user: "eve", access: "deny" },
      { user: (name) => name.startsWith("staff"), group: "staff", access: "read" },
      { user: "bob" },
      { user: "nobody" },
    ],
    secret: async (name) => passwords[name],
  });
}

const urlOf = ({ port }: ServedModule, user = "", place = "m/"): string =>
  `rsync://${user && `${user}@`}127.0.0.1:${port}/${place}`;

const failures = (events: readonly DaemonEvent[]): string[] =>
  events.flatMap((event) => (event.kind === "login failed" ? [event.reason] : []));

describeDaemons("access for a stock client", (version) => {
  test.each([[], ["--protocol=31"], ["--protocol=30"], ["--protocol=29"], ["--protocol=27"]])(
    "who knows the password comes in, and may do what its rule says %j",
    async (...words) => {
      await using served = await serveUsers();
      makeTree(served.path, { there: "x" });
      makeTree(served.here, { new: "y" });
      const as = (user: string, RSYNC_PASSWORD: string, isPush: boolean) => {
        const places = [`${served.here}/`, urlOf(served, user)];
        const options = ["-r", ...words, ...(isPush ? places : places.toReversed())];
        return runRsync(version, options, { env: { RSYNC_PASSWORD } });
      };
      expect(await as("alice", "secret", true)).toMatchObject({ code: 0, errors: "" });
      expect(await as("bob", "b", false)).toMatchObject({ code: 0, errors: "" });
      expect(await as("staff7", "s", false)).toMatchObject({ code: 0, errors: "" });
      const refused = await as("bob", "b", true);
      // Exit codes travel since protocol 31.
      expect(refused.code).toBe(/=(30|29|27)/.test(words.join("")) ? 12 : 1);
      expect(refused.errors).toContain("ERROR: module is read only");
      expect([...readTree(served.path).keys()].sort()).toEqual(["", "new", "there"]);
    },
  );

  test("who does not is told nothing, slowed down, and logged without the secret", async () => {
    await using served = await serveUsers();
    const started = performance.now();
    for (const [user, password] of [
      ["alice", "hunter2"],
      ["eve", "x"],
      ["nobody", "y"],
    ] as const) {
      const ran = await runRsync(version, ["-r", urlOf(served, user), served.here], {
        env: { RSYNC_PASSWORD: password },
      });
      expect(ran.code).toBe(5);
      expect(ran.errors).toContain("@ERROR: auth failed on module m");
    }
    expect(performance.now() - started).toBeGreaterThan(1_400);
    expect(failures(served.events)).toEqual([
      "the password is wrong",
      "a rule denies this user",
      "there is no password for this user",
    ]);
    expect(JSON.stringify(served.events)).not.toMatch(/hunter2|secret"/);
    expect(served.events.map(({ kind }) => kind)).not.toContain("refused");
  });

  test("modules are listed with the message of the day, unless they are not", async () => {
    await using served = await serveModule({}, { motd: "Welcome\nto this\n" });
    const modules = [
      { name: "one", path: served.path, comment: "the first" },
      { name: "hidden", path: served.path, list: false },
      { name: "no", path: served.path, admits: () => false },
      { name: "secret", path: served.path, list: false, admits: () => false },
    ];
    served.daemon.replace(modules);
    const { output, code } = await runRsync(version, [urlOf(served, "", "")]);
    expect(output).toBe("Welcome\nto this\n\none            \tthe first\nno             \t\n");
    expect(code).toBe(0);
    const errorsOf = async (name: string): Promise<string> =>
      (await runRsync(version, [urlOf(served, "", `${name}/`)])).errors;
    expect(await errorsOf("hidden")).toBe("");
    expect(await errorsOf("no")).toContain("@ERROR: access denied to no from 127.0.0.1");
    expect(await errorsOf("secret")).toContain("@ERROR: Unknown module 'secret'");
    expect(await errorsOf("nowhere")).toContain("@ERROR: Unknown module 'nowhere'");
  });

  test("a module refuses options, and hides names", async () => {
    const filter = new FilterRules();
    filter.add(parseFilterRule("- *.key"), parseFilterRule("- /private/"));
    await using served = await serveModule({ filter, refuseOptions: ["delete", "c"] });
    makeTree(served.path, { "a.key": "x", "private/x": "x", "d/b": "x", "d/b.key": "x" });
    makeTree(served.here, { "n.key": "", "private/y": "", "d/c": "" });
    const pushed = await runRsync(version, ["-r", `${served.here}/`, urlOf(served)]);
    expect(pushed.code).toBe(23);
    expect([...readTree(served.path).keys()].sort()).toEqual(
      ["", "a.key", "d", "d/b", "d/b.key", "d/c", "private", "private/x"].sort(),
    );
    const pulled = path.join(served.here, "pulled");
    await runRsync(version, ["-r", urlOf(served), pulled]);
    expect([...readTree(pulled).keys()].sort()).toEqual(["", "d", "d/b", "d/c"]);
    const direct = await runRsync(version, ["-r", urlOf(served, "", "m/private/x"), pulled]);
    expect(direct.code).toBe(23);
    const deleting = await runRsync(version, ["-r", "--delete", `${served.here}/`, urlOf(served)]);
    expect(deleting.code).toBe(4);
    expect(deleting.errors).toContain("The server is configured to refuse --delete");
  });
});

test("a module that is full says so until a place is free", async () => {
  await using served = await serveModule({ maxConnections: 1 });
  const target = { host: "127.0.0.1", port: served.port, module: "m" };
  const parked = await Session.open(target, { transfer: { recursive: true } });
  const push1 = (): Promise<unknown> => push({ "a.txt": "hello" }, urlOf(served));
  await expect(push1()).rejects.toMatchObject({ code: "MAX_CONNECTIONS" });
  parked.close();
  await eventually(() => served.events.at(-1)?.kind).toBe("ended");
  await push1();
  expect([...readTree(served.path).keys()]).toEqual(["", "a.txt"]);
});

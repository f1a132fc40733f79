import { expect, test } from "vitest";
import { placeOf } from "../../../src/cli/place.ts";

const none = {};

test.each([
  ["host:dir/sub", { host: "host", directory: "dir/sub", user: undefined, ssh: {} }],
  ["me@host:/srv/x/", { host: "host", directory: "/srv/x", user: "me", ssh: { user: "me" } }],
  ["host:", { host: "host", directory: "" }],
  ["host:/", { host: "host", directory: "/" }],
  ["host:a::b", { host: "host", directory: "a::b" }],
  ["[::1]:x", { host: "::1", directory: "x" }],
  ["ssh://me@host:2222/srv", { host: "host", port: 2222, directory: "/srv", ssh: { user: "me" } }],
  ["ssh://host", { host: "host", directory: "" }],
])("%s is a path behind ssh", (text, expected) => {
  expect(placeOf(text, none, none)).toMatchObject({ ...expected, module: "", isPath: true });
});

test.each(["rsync://host/m/x", "host::m/x", "rsync://me@host:8730/m/x"])(
  "%s is a daemon",
  (text) => {
    const place = placeOf(text, none, { RSYNC_RSH: "ssh -p 9" });
    expect(place).toMatchObject({ host: "host", module: "m", directory: "x", isPath: false });
    expect(place.ssh).toBeUndefined();
  },
);

test("-e starts a daemon behind ssh, at ssh's port, and wins over the environment", () => {
  const flags = { remoteShell: "ssh -p 2222 -l login -i 'a key'", program: "sudo rsync" };
  expect(placeOf("rsync://me@host:8730/m", flags, { RSYNC_RSH: "ssh -p 9" })).toEqual({
    host: "host",
    port: 2222,
    module: "m",
    directory: "",
    user: "me",
    isPath: false,
    ssh: { user: "login", identityFiles: ["a key"], program: "sudo rsync" },
  });
  expect(placeOf("host:x", none, { RSYNC_RSH: "ssh -p 9" }).port).toBe(9);
});

test.each([
  ["nothing", "Cannot read the address"],
  ["/a:b", "Cannot read the address"],
  ["ftp://host/x", "Cannot read the address"],
])("%s is no address", (text, message) => {
  expect(() => placeOf(text, none, none)).toThrow(message);
});

test("a remote shell that only a shell could start is refused", () => {
  expect(() => placeOf("host:x", { remoteShell: "ssh; rm" }, none)).toThrow("no shell is run");
});

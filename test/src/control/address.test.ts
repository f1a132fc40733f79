import fs from "node:fs";
import { describe, expect, test } from "vitest";
import {
  configurationKey,
  distrustOfOthers,
  prepareDirectory,
  runtimeDirectories,
  settingsKey,
  socketPath,
} from "../../../src/control/address.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

describe("the key of a configuration", () => {
  test("is the same for every name of the file, and another for another file", () => {
    using directory = temporaryDirectory();
    const file = `${directory.path}/a.xml`;
    fs.writeFileSync(file, "");
    fs.symlinkSync(directory.path, `${directory.path}/d`);
    fs.symlinkSync("d/a.xml", `${directory.path}/link`);
    const key = configurationKey(file);
    expect(configurationKey(`${directory.path}/./d/../a.xml`)).toBe(key);
    expect(configurationKey(`${directory.path}/link`)).toBe(key);
    expect(configurationKey(`${directory.path}/b.xml`)).not.toBe(key);
  });

  test("outlives the file", () => {
    using directory = temporaryDirectory();
    fs.mkdirSync(`${directory.path}/real`);
    fs.symlinkSync("real", `${directory.path}/link`);
    const file = `${directory.path}/link/a.xml`;
    fs.writeFileSync(file, "");
    const key = configurationKey(file);
    fs.rmSync(file);
    expect(configurationKey(file)).toBe(key);
  });

  test("of a mirror without a file depends on source and targets, not on their order", () => {
    const key = settingsKey("/data", ["a", "b"]);
    expect(settingsKey("/data/", ["b", "a"])).toBe(key);
    expect(settingsKey("/data", ["a"])).not.toBe(key);
    expect(settingsKey("/data", ["a", "c"])).not.toBe(key);
  });
});

describe("a runtime directory", () => {
  test.each([
    [{ XDG_RUNTIME_DIR: "/run/user/7" }, ["/run/sersync", "/run/user/7/sersync"]],
    [{ XDG_RUNTIME_DIR: "relative" }, ["/run/sersync"]],
    [{}, ["/run/sersync"]],
  ])("with %j is one of %j, or the user's own in a temporary place", (environment, first) => {
    const all = runtimeDirectories({ environment, uid: 7 });
    expect(all).toEqual([...first, expect.stringMatching(/^\/.*\/sersync-7$/)]);
  });

  test("that was chosen is the only one", () => {
    const environment = { SERSYNC_RUNTIME_DIR: "/r", XDG_RUNTIME_DIR: "/x" };
    expect(runtimeDirectories({ environment, uid: 7 })).toEqual(["/r"]);
  });

  test("is made for its user alone", () => {
    using directory = temporaryDirectory();
    const made = `${directory.path}/sersync`;
    expect(prepareDirectory(made)).toBeUndefined();
    expect(fs.statSync(made).mode & 0o777).toBe(0o700);
    expect(prepareDirectory(made)).toBeUndefined();
  });

  test("that is a link, a file, or open to others is refused", () => {
    using directory = temporaryDirectory();
    const [target, link, open] = ["target", "link", "open"].map((n) => `${directory.path}/${n}`);
    fs.mkdirSync(target as string, { mode: 0o700 });
    fs.symlinkSync(target as string, link as string);
    fs.mkdirSync(open as string);
    fs.chmodSync(open as string, 0o770);
    fs.writeFileSync(`${directory.path}/file`, "");
    expect(prepareDirectory(link as string)).toMatch(/is no directory$/);
    expect(distrustOfOthers(link as string)).toMatch(/is no directory$/);
    expect(prepareDirectory(`${directory.path}/file`)).toMatch(/is no directory$/);
    expect(prepareDirectory(open as string)).toMatch(/^others may write/);
    expect(distrustOfOthers(open as string)).toMatch(/^others may write/);
  });

  test.skipIf(!isRoot)("of another user is neither used nor believed, root's is believed", () => {
    using directory = temporaryDirectory();
    const made = `${directory.path}/sersync`;
    fs.mkdirSync(made, { mode: 0o700 });
    fs.chownSync(made, nobody, nobody);
    expect(prepareDirectory(made, 0)).toBe(`${made} belongs to user ${nobody}`);
    expect(distrustOfOthers(made, 0)).toBe(`${made} belongs to user ${nobody}`);
    fs.chownSync(made, 0, 0);
    expect(distrustOfOthers(made, nobody)).toBeUndefined();
  });

  test("whose name leaves no room for a socket's is refused, not cut", () => {
    const long = `/tmp/${"x".repeat(60)}`;
    expect(prepareDirectory(long)).toMatch(/too long/);
    expect(fs.existsSync(long)).toBe(false);
    // The longest that is taken still fits into sun_path, its final NUL included.
    const longest = `/tmp/${"x".repeat(53)}`;
    expect(Buffer.byteLength(socketPath(longest, configurationKey("/a")))).toBeLessThan(104);
  });
});

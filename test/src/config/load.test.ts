import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { ConfigError } from "../../../src/config/mistake.ts";
import { readPassword } from "../../../src/config/password.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sersync-config-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A configuration for a directory and a password file, both below {@link root}. */
function write(watch: string, passwordFile: string): string {
  const file = join(root, "confxml.xml");
  writeFileSync(
    file,
    `<head><sersync>
<localpath watch="${join(root, watch)}"><remote ip="192.0.2.1" name="m"/></localpath>
<rsync><auth start="true" users="anna" passwordfile="${join(root, passwordFile)}"/></rsync>
</sersync></head>`,
  );
  return file;
}

function secret(name: string, content = "open sesame\n", mode = 0o600): void {
  writeFileSync(join(root, name), content);
  chmodSync(join(root, name), mode);
}

function refusal(file: string): string {
  try {
    loadConfig(file);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("expected a refusal");
}

test("loads a file whose directory and password are in order", () => {
  mkdirSync(join(root, "data"));
  secret("pass");
  const { config } = loadConfig(write("data", "pass"));
  expect(config.sources[0]?.watch).toBe(join(root, "data"));
  expect(readPassword(config.auth?.passwordFile ?? "")).toBe("open sesame");
});

test.each([
  ["is readable by others", () => secret("pass", "open sesame", 0o644), "mode 644"],
  ["is empty", () => secret("pass", "\nopen sesame"), "its first line is empty"],
  ["is absent", () => {}, "it does not exist"],
  ["is a directory", () => mkdirSync(join(root, "pass")), "it is not a regular file"],
  [
    "is a link to another directory",
    () => symlinkSync("/etc/hostname", join(root, "pass")),
    "it is a link into another directory",
  ],
  ["is a link to nothing", () => symlinkSync("nowhere", join(root, "pass")), "it does not exist"],
  ["is a link to itself", () => symlinkSync("pass", join(root, "pass")), "links lead in a circle"],
])("a password file that %s is refused without a word of it", (_name, make, said) => {
  mkdirSync(join(root, "data"));
  make();
  const message = refusal(write("data", "pass"));
  expect(message).toContain("confxml.xml:3:");
  expect(message).toContain(said);
  expect(message).not.toContain("sesame");
  expect(() => readPassword(join(root, "pass"))).toThrow(said);
});

test("a password file may be a link within its directory, as Kubernetes makes them", () => {
  mkdirSync(join(root, "data"));
  secret("really");
  symlinkSync("really", join(root, "pass"));
  expect(loadConfig(write("data", "pass")).config.auth?.user).toBe("anna");
});

test.each([
  ["begins with a byte order mark", "\u{feff}open sesame"],
  ["begins with the user's name", "anna:open sesame"],
  ["ends in a blank", "open sesame \n"],
])("a password file that %s is taken with a warning", (said, content) => {
  mkdirSync(join(root, "data"));
  secret("pass", content);
  const notes = loadConfig(write("data", "pass")).notes.map(({ text }) => text);
  expect(notes).toContainEqual(expect.stringContaining(said));
  expect(notes.join()).not.toContain("sesame");
});

test("everything that is wrong on the machine is said at once", () => {
  writeFileSync(join(root, "data"), "");
  const message = refusal(write("data", "pass"));
  expect(message.split("\n")).toEqual([
    expect.stringContaining("it is not a directory"),
    expect.stringContaining("auth passwordfile"),
  ]);
});

test("a file that is not there, is none, or is huge is refused", () => {
  expect(refusal(join(root, "nothing.xml"))).toContain("it does not exist");
  expect(refusal("nothing.xml")).toContain(`in ${process.cwd()}; name another with -o`);
  expect(refusal(root)).toContain("it is not a regular file");
  const huge = join(root, "huge.xml");
  writeFileSync(huge, "<head>");
  truncateSync(huge, 10_485_760);
  expect(refusal(huge)).toContain("it has 10485760 bytes");
});

import fs from "node:fs";
import { expect, test } from "vitest";
import { credentialsOf } from "../../../src/cli/credentials.ts";
import { readPasswordFrom } from "../../../src/config/password.ts";
import { temporaryDirectory } from "../../support/tree.ts";

const daemon = { user: "alice", isPath: false };

test("a password file is read when somebody asks for the password, and not before", () => {
  using directory = temporaryDirectory();
  const file = `${directory.path}/password`;
  const credentials = credentialsOf(daemon, file, {});
  expect(credentials?.user).toBe("alice");
  expect(() => credentials?.password).toThrow(/--password-file: .*does not exist/);
  fs.writeFileSync(file, "caf\u00e9\nrest", { mode: 0o600 });
  expect(credentials?.password).toEqual(Buffer.from("caf\u00e9"));
});

test("over a remote shell no daemon could ask for it", () => {
  expect(() => credentialsOf({ user: undefined, isPath: true }, "file", {})).toThrow("for daemons");
});

test.each([
  ["secret\nmore", "secret"],
  ["secret", "secret"],
  ["secret\r\n", "secret"],
  ["x".repeat(600), "x".repeat(512)],
])("of what comes in, the first line is the password: %j", (content, password) => {
  using directory = temporaryDirectory();
  fs.writeFileSync(`${directory.path}/in`, content);
  const descriptor = fs.openSync(`${directory.path}/in`, "r");
  expect(readPasswordFrom(descriptor)).toBe(password);
  fs.closeSync(descriptor);
});

test.each(["", "\nsecret"])("%j holds none", (content) => {
  using directory = temporaryDirectory();
  fs.writeFileSync(`${directory.path}/in`, content);
  const descriptor = fs.openSync(`${directory.path}/in`, "r");
  expect(() => readPasswordFrom(descriptor)).toThrow("there is none");
  fs.closeSync(descriptor);
});

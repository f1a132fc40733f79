import fs from "node:fs";
import { describe, expect, test } from "vitest";
import { asBytePath, nativePath } from "../../../protocol/path.ts";
import { fileCalls } from "../../../protocol/source/calls-choice.ts";
import { type FileCalls, type FileStatus, nodeCalls } from "../../../protocol/source/file-calls.ts";
import { loadNativeCalls } from "../../../protocol/source/native-calls.ts";
import { makeHostileTree } from "../../support/hostile.ts";
import { makeTree, readTree, temporaryDirectory } from "../../support/tree.ts";

const native = loadNativeCalls();
const all: readonly [string, FileCalls][] = [
  ["Node", nodeCalls],
  ...(native ? [["the C library", native] as [string, FileCalls]] : []),
];
const { O_RDONLY, O_NOFOLLOW } = fs.constants;
const flags = O_RDONLY | O_NOFOLLOW;

/** A status in one piece: the C library's is written over by the next one. */
function copied(status: FileStatus | undefined) {
  if (status === undefined) return undefined;
  const { mode, size, mtimeSeconds, mtimeNanoseconds, atimeSeconds, uid, gid } = status;
  const { device, inode, linkCount, changedNs, major, minor } = status;
  const times = { mtimeSeconds, mtimeNanoseconds, atimeSeconds, changedNs };
  return { mode, size, ...times, uid, gid, device, inode, linkCount, major, minor };
}

function failureOf(call: () => unknown) {
  try {
    call();
  } catch (error) {
    const { code, errno, syscall, message } = error as NodeJS.ErrnoException;
    return { code, errno, syscall, message };
  }
  return undefined;
}

describe.runIf(native !== undefined)("both ways to ask", () => {
  const calls = native as FileCalls;

  test("say the same of every kind of object, whatever its name", () => {
    using directory = temporaryDirectory();
    makeHostileTree(directory.path, 7, 100);
    fs.linkSync(made(directory.path), `${directory.path}/second name`);
    const paths = [...readTree(directory.path).keys()].map((path) =>
      nativePath(directory.path, asBytePath(path)),
    );
    expect(paths.length).toBeGreaterThan(50);
    for (const path of [...paths, "/dev/null", "/dev/tty", "/proc/self/status"]) {
      expect(copied(calls.lstat(path))).toEqual(copied(nodeCalls.lstat(path)));
    }
  });

  test("say the same of names in an open directory", () => {
    using directory = temporaryDirectory();
    makeHostileTree(directory.path, 7, 100);
    const names = fs.readdirSync(directory.path, { encoding: "latin1" });
    expect(names.some((name) => /[\x80-\xff]/.test(name))).toBe(true);
    const open = fs.openSync(directory.path, O_RDONLY);
    for (const name of [...names, "nothing"]) {
      const path = nativePath(directory.path, asBytePath(name));
      expect(copied(calls.lstatAt?.(open, name))).toEqual(copied(nodeCalls.lstat(path)));
    }
    fs.closeSync(open);
    expect(() => calls.lstatAt?.(-1, "nothing")).toThrowError(/^EBADF: bad file descriptor, lstat/);
  });

  test("say the same of times before 1970 and of sizes beyond 32 bits", () => {
    using directory = temporaryDirectory();
    const file = made(directory.path);
    fs.truncateSync(file, 5 * 2 ** 32 + 3);
    for (const seconds of [-1.5, -86_400, 0, 2 ** 31 + 0.25]) {
      fs.utimesSync(file, seconds, seconds);
      expect(copied(calls.lstat(file))).toEqual(copied(nodeCalls.lstat(file)));
    }
  });

  test("fail alike", () => {
    using directory = temporaryDirectory();
    makeTree(directory.path, { f: "", link: { type: "symlink", target: "f" }, "d/f": "" });
    const opens = ["gone", "f/below", "link", "x".repeat(300)];
    for (const name of opens.map((each) => `${directory.path}/${each}`)) {
      const failures = all.map(([, each]) => failureOf(() => each.open(name, flags)));
      expect(failures[1]).toEqual(failures[0]);
      expect(failures[0]?.code).toMatch(/^E/);
    }
    const reads = all.map(([, each]) =>
      failureOf(() => {
        const descriptor = each.open(`${directory.path}/d`, flags);
        try {
          each.read(descriptor, Buffer.alloc(10), 10, 0);
        } finally {
          each.close(descriptor);
        }
      }),
    );
    expect(reads[1]).toEqual(reads[0]);
    expect(reads[0]?.code).toBe("EISDIR");
  });
});

describe.each(all)("by %s", (_, calls) => {
  test("a file is opened, read by position and closed", () => {
    using directory = temporaryDirectory();
    const file = made(directory.path);
    const into = Buffer.alloc(8, "-");
    const descriptor = calls.open(file, flags);
    expect(copied(calls.fstat(descriptor))).toEqual(copied(calls.lstat(file)));
    expect(calls.read(descriptor, into, 3, 1)).toBe(3);
    expect(into.toString()).toBe("ont-----");
    expect(calls.read(descriptor, into, 8, 100)).toBe(0);
    calls.close(descriptor);
    expect(failureOf(() => fs.fstatSync(descriptor))?.code).toBe("EBADF");
  });

  test("nothing is there below a file, nor a link to itself, nor under a name that is gone", () => {
    using directory = temporaryDirectory();
    const file = made(directory.path);
    makeTree(directory.path, { loop: { type: "symlink", target: "loop" } });
    expect(calls.lstat(`${directory.path}/loop/x`)).toBeUndefined();
    expect(calls.lstat(`${file}/x`)).toBeUndefined();
    expect(calls.lstat(`${directory.path}/gone`)).toBeUndefined();
  });

  test("a name ends where it ends, not at a NUL", () => {
    using directory = temporaryDirectory();
    const file = made(directory.path);
    const refused = /ENOENT|null bytes/;
    expect(() => calls.lstat(`${file}\0x`)).toThrow(refused);
    expect(() => calls.open(`${file}\0x`, flags)).toThrow(refused);
    expect(() => calls.open(Buffer.from(`${file}\0x`), flags)).toThrow(refused);
  });
});

test("who asks for long is answered by the fastest there is", () => {
  for (let asked = 0; asked < 1_000; asked += 1) fileCalls();
  expect(fileCalls() === nodeCalls).toBe(native === undefined);
  expect(fileCalls()).toBe(fileCalls());
});

function made(directory: string): string {
  fs.writeFileSync(`${directory}/made`, "content");
  return `${directory}/made`;
}

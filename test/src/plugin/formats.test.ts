import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refreshRequest } from "../../../src/plugin/china-cache.ts";
import { commandWords } from "../../../src/plugin/command.ts";
import { formatForm } from "../../../src/plugin/http.ts";
import { formatEvent } from "../../../src/plugin/json.ts";
import { wholePath } from "../../../src/plugin/plugin.ts";
import { fillText, fillUrl } from "../../../src/plugin/purge.ts";
import { Repeats } from "../../../src/plugin/repeats.ts";
import { Site } from "../../../src/plugin/site.ts";
import { eventOf } from "./events.ts";

const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString("latin1").replaceAll(/[\0/]/g, "x"));

test("the absolute path of the root itself, and below a root that is /", () => {
  expect(wholePath(eventOf(""))).toBe("/data");
  expect(wholePath(eventOf("a/b"))).toBe("/data/a/b");
  expect(wholePath(eventOf("a", { root: "/" }))).toBe("/a");
});

describe("the words of a command", () => {
  test("are those of prefix, path and suffix, as in sersync", () => {
    const settings = { prefix: ["/bin/run", "-v"], suffix: ["--last"] };
    expect(commandWords(settings, "/data/a b;c")).toEqual([
      "/bin/run",
      "-v",
      "/data/a b;c",
      "--last",
    ]);
  });

  test("have the path where {path} stands, with nothing in it expanded", () => {
    const settings = { prefix: ["run", "--file={path}"], suffix: ["{path}"] };
    expect(commandWords(settings, "/$&{path}")).toEqual(["run", "--file=/$&{path}", "/$&{path}"]);
  });
});

describe("JSON", () => {
  const now = new Date(0);

  test("says what happened to which path", () => {
    expect(JSON.parse(formatEvent(eventOf("a/b\n"), now))).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      root: "/data",
      path: "/data/a/b\n",
      relativePath: "a/b\n",
      kind: "file",
      result: "delivered",
      target: "h:873::m",
    });
  });

  test("has the bytes of every name, on one line", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const line = formatEvent(eventOf(name), now);
        expect(line).not.toMatch(/[\r\n]/);
        const { path, pathBase64 } = JSON.parse(line) as { path: string; pathBase64?: string };
        const bytes = pathBase64 ? Buffer.from(pathBase64, "base64") : Buffer.from(path, "utf8");
        expect(bytes.toString("latin1")).toBe(`/data/${name}`);
      }),
      { seed: 61 },
    );
  });
});

describe("the form of old sersyncs", () => {
  test.each([
    ["file", "watchroot=/data&isdir=0&inotifyPath=/data/a/b.txt&mask=8"],
    ["directory", "watchroot=/data&isdir=1&inotifyPath=/data/a/b.txt&mask=1073742080"],
    ["delete", "watchroot=/data&isdir=0&inotifyPath=/data/a/b.txt&mask=512"],
  ] as const)("of a %s", (kind, form) => {
    expect(formatForm(eventOf("a/b.txt", { kind }))).toBe(form);
  });

  test("keeps every byte of every name", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const [, encoded = ""] = /inotifyPath=([^&]*)&/.exec(formatForm(eventOf(name))) ?? [];
        const bytes = encoded.replaceAll(/%([0-9A-F]{2})/g, (_, hex) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        );
        expect(bytes).toBe(`/data/${name}`);
      }),
      { seed: 62 },
    );
  });
});

describe("the URL of a path", () => {
  const site = new Site({ base: "http://h" });

  test("is the base and the path below the directory, as in sersync", () => {
    expect(site.pathOf(eventOf("a/b.jpg"))).toBe("/a/b.jpg");
    expect(site.pathOf(eventOf("a", { kind: "directory" }))).toBe("/a/");
    expect(site.pathOf(eventOf("", { kind: "directory" }))).toBe("/");
  });

  test("is with a regex its first group and what follows; nothing when it does not match", () => {
    const match = "cms.xoyo.com/site([/a-zA-Z0-9]*).xoyo.com/images";
    const searching = new Site({ base: "http://h", match });
    const root = "/data0/htdocs/cms.xoyo.com/site";
    expect(searching.pathOf(eventOf("jx3.xoyo.com/images/a.jpg", { root }))).toBe("/jx3/a.jpg");
    expect(searching.pathOf(eventOf("jx3/a.jpg", { root }))).toBeUndefined();
  });
});

describe("ChinaCache", () => {
  const account = { host: "ccms.example", port: 80, user: "me", password: "p&w d" };

  test("gets sersync's request, its values encoded", () => {
    expect(refreshRequest(account, "http://pic.example/cms", "/a/b.jpg")).toBe(
      "HEAD /index.jsp?user=me&pswd=p%26w%20d&ok=ok&urls=http://pic.example/cms/a/b.jpg HTTP/1.0\r\nHost: ccms.example\r\n\r\n",
    );
    expect(refreshRequest(account, "http://h", "/d/")).toContain(
      "&ok=ok&dirs=http://h/d/ HTTP/1.0",
    );
  });

  test("gets one request line whatever the name, and the name back from it", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const request = refreshRequest(account, "http://h", `/${name}`);
        const [, value = ""] =
          /^HEAD [^ ?]+\?[^ ]*&urls=([^ &]*) HTTP\/1\.0\r\nHost: [^\r\n]+\r\n\r\n$/.exec(request) ??
          [];
        const bytes = value.replaceAll(/%([0-9A-F]{2})/g, (_, hex) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        );
        expect(bytes).toBe(`http://h/${name}`);
      }),
      { seed: 63 },
    );
  });
});

describe("a purge", () => {
  test.each([
    ["https://cdn.example/{path}", "https://cdn.example/a%20b/%25%3F%23.jpg"],
    [
      "https://api.example/purge?url={url}&x=1",
      "https://api.example/purge?url=https%3A%2F%2Fwww.example%2Fs%2Fa%2520b%2F%2525%253F%2523.jpg&x=1",
    ],
    [
      "https://api.example/purge?path={path}",
      "https://api.example/purge?path=a%20b%2F%25%3F%23.jpg",
    ],
  ])("of %s", (template, url) => {
    expect(fillUrl(template, "https://www.example/s", "/a b/%?#.jpg")).toBe(url);
  });

  test("has URLs in its body that cannot break out of a string", () => {
    const body = fillText('{"files":["{url}"]}', "https://www.example", '/"],"x":["$&');
    expect(JSON.parse(body)).toEqual({
      files: ["https://www.example/%22%5D%2C%22x%22%3A%5B%22%24%26"],
    });
  });
});

describe("repeats", () => {
  test("are counted and said once a minute", () => {
    let now = 0;
    const repeats = new Repeats(60_000, () => now);
    expect(repeats.say("down")).toBe("down");
    for (let i = 0; i < 7; i += 1) expect(repeats.say("down")).toBeUndefined();
    expect(repeats.say("other")).toBe("other");
    now = 60_000;
    expect(repeats.say("down")).toBe("down (and 7 more like it since the last time)");
    expect(repeats.say("down")).toBeUndefined();
  });

  test("of a thing that is said differently each time end, too", () => {
    let now = 0;
    const repeats = new Repeats(60_000, () => now);
    const said = Array.from({ length: 5_000 }, (_, i) => repeats.say(`reason ${i}`));
    expect(said.filter((text) => text !== undefined)).toHaveLength(100);
    now = 60_000;
    expect(repeats.say("reason 5001")).toBe("reason 5001");
  });
});

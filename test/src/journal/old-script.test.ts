import { expect, test } from "vitest";
import { isOldScript, parseOldScript } from "../../../src/journal/old-script.ts";

const end = "127.0.0.1::m1 >/dev/null 2>&1 ";

function failure(words: string, root = "/opt/W"): string {
  return `#errno 2560\ncd ${root} && rsync -artuz -R ${words}\n\n`;
}

// As sersync 2.5.4 wrote them; the names are its own troubles.
test.each([
  ['--port=28746 "./a.txt" 127.0.0.1::m1', "a.txt"],
  ['"./d/with blank" bk@127.0.0.1::m1 --password-file=/etc/p', "d/with blank"],
  ['"./a"b" 127.0.0.1::m1', 'a"b'],
  ['"./\\$(touch x)" 127.0.0.1::m1', "$(touch x)"],
  ['"./line\nbreak" 127.0.0.1::m1', "line\nbreak"],
  ['--delete ./   --include="a/" --include="a/b" --exclude=*  127.0.0.1::m1', "a/b"],
  ['--delete ./   --include="d"  --include="d/***" --exclude=*  127.0.0.1::m1', "d"],
])("%j is about one path", (words, path) => {
  const text = failure(`${words} >/dev/null 2>&1 `);
  expect(isOldScript(text)).toBe(true);
  expect(parseOldScript(text)).toEqual([{ root: "/opt/W", target: "127.0.0.1::m1", path }]);
});

test("several failures are told apart, also where the names are odd", () => {
  const script = `${failure(`"./a"; touch b" ${end}`)}${failure(`"./c" ${end}`, "/srv/w sp")}`;
  expect(parseOldScript(script)).toEqual([
    { root: "/opt/W", target: "127.0.0.1::m1", path: 'a"; touch b' },
    { root: "/srv/w sp", target: "127.0.0.1::m1", path: "c" },
  ]);
});

test("what leads out of the root, and what is not understood, is left out", () => {
  expect(parseOldScript(failure(`"./../../etc/passwd" ${end}`))).toEqual([]);
  expect(parseOldScript(failure("--delete ./ "))).toEqual([]);
});

test.each(["#!/bin/sh\necho hello\n", "notes", "#errno 1\nrm -rf /\n"])(
  "%j is no script of sersync's",
  (text) => {
    expect(isOldScript(text)).toBe(false);
  },
);

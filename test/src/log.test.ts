import { expect, test } from "vitest";
import { createLog, type LogOptions } from "../../src/log.ts";

/** A log and the lines it has written so far. */
function logged(options: LogOptions) {
  const lines: string[] = [];
  const log = createLog({ ...options, output: { write: (line) => void lines.push(line) } });
  return { log, lines };
}

test("a program gets one JSON object per line", () => {
  const { log, lines } = logged({ pretty: false });
  log.warn({ target: "a::m" }, "cannot connect");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      level: "warn",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      target: "a::m",
      msg: "cannot connect",
    },
  ]);
});

test("a person gets a readable line", () => {
  const { log, lines } = logged({ pretty: true });
  log.info({ path: "a b", files: 3, target: "h::m" }, "delivered");
  log.error({ err: new Error("refused") }, "cannot connect");
  expect(lines).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d info {2}delivered path="a b" files=3 target=h::m\n$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d error cannot connect: refused\n$/),
  ]);
});

test("nothing in a name reaches the terminal as a control", () => {
  const { log, lines } = logged({ pretty: true });
  log.info({ path: "\u001b[2J\u202egpj.exe\n\u009b" }, "x\ry\u0007");
  expect(lines[0]?.slice(0, -1)).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(lines).toHaveLength(1);
});

test.each([
  [false, 1],
  [true, 2],
])("debug lines are written when debug is %s", (debug, count) => {
  const { log, lines } = logged({ debug, pretty: false });
  log.debug("detail");
  log.info("news");
  expect(lines).toHaveLength(count);
});

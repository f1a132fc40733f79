import { describe, expect, test } from "vitest";
import { Meeting } from "../../../protocol/roles/receiving.ts";

describe("a meeting of generator and receiver", () => {
  const told: readonly (readonly [string, (meeting: Meeting) => void])[] = [
    ["a list", (meeting) => meeting.tell()],
    ["a file in place", (meeting) => meeting.settle(1, true)],
    ["a file that came wrong", (meeting) => meeting.again(1)],
    ["the end of a phase", (meeting) => meeting.advance()],
  ];

  test.each(told)("%s is no secret to who comes later", async (_, tell) => {
    const meeting = new Meeting();
    tell(meeting);
    await meeting.news();
  });

  test("news is new once", async () => {
    const meeting = new Meeting();
    meeting.settle(1, true);
    meeting.settle(2, true);
    await meeting.news();
    let isOver = false;
    const coming = meeting.news().then(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    meeting.settle(3, true);
    await coming;
  });

  test("a failure ends every wait, and comes before news", async () => {
    const meeting = new Meeting();
    meeting.advance();
    meeting.fail(new Error("the connection is gone"));
    await expect(meeting.news()).rejects.toThrow("gone");
    await expect(meeting.ended(2)).rejects.toThrow("gone");
  });
});

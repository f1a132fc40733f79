import { expect, test } from "vitest";
import { parseClientOptions } from "../../../protocol/daemon/option-reader.ts";

const push = ["--server", "-logDtpre.iLsfxCIvu", "--delete", ".", "m/"];
const pull = ["--server", "--sender", "-logDtprze.iLsfxCIvu", ".", "m/a", "m/b"];

test("a push and a pull are told from each other, options from paths", () => {
  expect(parseClientOptions(push)).toMatchObject({
    isPull: false,
    capabilities: "iLsfxCIvu",
    transfer: { recursive: true, links: true, delete: true },
    paths: ["m/"],
  });
  expect(parseClientOptions(pull)).toMatchObject({ isPull: true, paths: ["m/a", "m/b"] });
});

test("what only a sender here would have to do is refused", () => {
  const words = ["--server", "-lre.iLsfxCIvu", "--files-from=list", ".", "m/"];
  expect(parseClientOptions(words).unavailable).toEqual(["--files-from of a push"]);
});

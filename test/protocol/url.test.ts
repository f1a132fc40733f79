import { expect, test } from "vitest";
import { parseDaemonUrl } from "../../protocol/url.ts";

test.each([
  ["rsync://h/m", { host: "h", module: "m", directory: "", user: undefined }],
  ["rsync://u@h:8730/m/a/b/", { host: "h", port: 8730, module: "m", directory: "a/b", user: "u" }],
  ["rsync://[::1]:8730/", { host: "::1", port: 8730, module: "", directory: "", user: undefined }],
  ["rsyncs://h/m", { host: "h", tls: {}, module: "m", directory: "", user: undefined }],
  ["rsyncs://u@h:1/m", { host: "h", port: 1, tls: {}, module: "m", directory: "", user: "u" }],
  ["h::m/a", { host: "h", module: "m", directory: "a", user: undefined }],
  ["u@[fe80::1]::m", { host: "fe80::1", module: "m", directory: "", user: "u" }],
  ["h::m/a\nb", { host: "h", module: "m", directory: "a\nb", user: undefined }],
  ["rsync://h/m/\n", { host: "h", module: "m", directory: "\n", user: undefined }],
  ["h::", { host: "h", module: "", directory: "", user: undefined }],
])("%s is understood", (text, expected) => {
  expect(parseDaemonUrl(text)).toEqual(expected);
});

test.each(["", "h:m", "http://h/m", "rsync:/h/m", "/path", "rsync://h:65536/m"])(
  "%j leads to no daemon",
  (text) => {
    expect(() => parseDaemonUrl(text)).toThrowError(
      expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("rsync://") }),
    );
  },
);

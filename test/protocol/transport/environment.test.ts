import fs from "node:fs";
import { expect, test } from "vitest";
import { inEnvironment } from "../../../protocol/transport/environment.ts";
import { parseProxy } from "../../../protocol/transport/proxy.ts";
import { temporaryDirectory } from "../../support/tree.ts";

test.each([
  ["proxy:3128", { host: "proxy", port: 3128 }],
  ["me:se:c@ret@proxy:3128", { host: "proxy", port: 3128, user: "me", password: "se:c@ret" }],
  ["me@[::1]:80", { host: "::1", port: 80, user: "me" }],
])("RSYNC_PROXY=%s", (text, proxy) => {
  expect(parseProxy(text)).toEqual(proxy);
});

test.each(["", "proxy", "u:hidden@proxy", "proxy:0", "proxy:99999", "http://u:hidden@proxy:80/"])(
  "%j is no proxy, and is not shown",
  (text) => {
    expect(() => parseProxy(text)).toThrowError(
      expect.objectContaining({
        code: "BAD_OPTION",
        message: expect.not.stringContaining("hidden"),
      }),
    );
  },
);

test("rsync's variables say how to get to an address, unless it says so itself", () => {
  const proxy = { host: "p", port: 1 };
  const env = { RSYNC_PROXY: "p:1", RSYNC_SSL_CA_CERT: "" };
  expect(inEnvironment({ host: "h" }, {})).toEqual({ host: "h" });
  expect(inEnvironment({ host: "h" }, { RSYNC_PROXY: "" })).toEqual({ host: "h" });
  expect(inEnvironment({ host: "h" }, env)).toEqual({ host: "h", proxy });
  const own = { host: "h", proxy: { host: "own", port: 2 } };
  expect(inEnvironment(own, env)).toEqual(own);
  expect(inEnvironment({ host: "h", tls: {} }, env)).toMatchObject({ tls: { verify: false } });
  expect(inEnvironment({ host: "h", tls: { verify: true } }, env)).toMatchObject({
    tls: { verify: true },
  });
});

test("RSYNC_SSL_CA_CERT names a file", () => {
  using directory = temporaryDirectory();
  const file = `${directory.path}/ca.pem`;
  fs.writeFileSync(file, "PEM");
  const secure = { host: "h", tls: {} };
  expect(inEnvironment(secure, { RSYNC_SSL_CA_CERT: file }).tls).toMatchObject({
    ca: "PEM",
    verify: true,
  });
  expect(() => inEnvironment(secure, { RSYNC_SSL_KEY: `${file}.no` })).toThrowError(
    expect.objectContaining({ code: "FILE_IO", message: expect.stringMatching(/RSYNC_SSL_KEY/) }),
  );
});

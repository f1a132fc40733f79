import fs from "node:fs";
import { type Browser, chromium } from "playwright-core";

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A Chromium of this machine; undefined when there is none. */
export const browserProgram: string | undefined = [
  process.env["CHROMIUM"] ?? "",
  ...candidates,
].find((file) => file !== "" && fs.existsSync(file));

/**
 * Starts it with nothing remembered, and without the calls home that it makes of itself.
 *
 * @throws {TypeError} when there is none.
 */
export async function startBrowser(): Promise<Browser> {
  if (browserProgram === undefined) throw new TypeError("There is no Chromium on this machine");
  return chromium.launch({
    executablePath: browserProgram,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

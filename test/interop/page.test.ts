import fs from "node:fs";
import path from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { browserProgram, startBrowser } from "../support/browser.ts";
import { type Daemon, daemonVersions, freePort, startDaemon } from "../support/daemon.ts";
import { type RunningMirror, startMirror } from "../support/mirror.ts";
import { temporaryDirectory } from "../support/tree.ts";

/** Where to keep what the page looked like; unset: nowhere. */
const albumDirectory = process.env["SCREENSHOTS"];
const [version] = daemonVersions;
const hostileName = '<img src=x onerror="document.title=`owned`">&amp;.html';

interface Rig {
  readonly source: string;
  readonly daemon: Daemon;
  readonly mirror: RunningMirror;
  readonly url: string;
}

let browser: Browser;
let rig: Rig;
const closers: (() => PromiseLike<void> | void)[] = [];

async function startRig(): Promise<Rig> {
  const source = temporaryDirectory();
  closers.push(() => source[Symbol.dispose]());
  fs.writeFileSync(path.join(source.path, "first.txt"), "one");
  const daemon = await startDaemon({ version: version ?? "3.5.0", modules: { backup: {} } });
  closers.unshift(() => daemon.remove());
  const page = await freePort();
  const remotes = [{ module: "backup" }];
  const mirror = await startMirror({ source: source.path, port: daemon.port, remotes, page });
  closers.unshift(() => mirror[Symbol.asyncDispose]());
  return { source: source.path, daemon, mirror, url: `http://127.0.0.1:${page}/` };
}

/** A page that is open, and what it did that it must not do. */
interface Visit {
  readonly page: Page;
  readonly complaints: readonly string[];
}

async function visit(options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (said) => void (said.type() === "error" && complaints.push(said.text())));
  page.on("request", (request) => {
    if (!request.url().startsWith(rig.url)) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(rig.url);
  await page.locator("article").waitFor();
  return { page, complaints };
}

async function keep(page: Page, name: string): Promise<void> {
  if (albumDirectory === undefined) return;
  await page.screenshot({ path: path.join(albumDirectory, `${name}.png`), fullPage: true });
}

function badge(page: Page, text: string): Promise<void> {
  return page.locator("h3 .badge", { hasText: text }).waitFor();
}

function overflowOf(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - innerWidth");
}

describe.skipIf(browserProgram === undefined || version === undefined)("the status page", () => {
  beforeAll(async () => {
    browser = await startBrowser();
    closers.unshift(() => browser.close());
    rig = await startRig();
  });
  afterAll(async () => {
    for (const close of closers) await close();
  });

  test("shows what is delivered, and a change the moment after it arrived", async () => {
    const { page, complaints } = await visit();
    expect(await page.title()).toBe("sersync: everything is delivered");
    expect(await page.locator("h3").textContent()).toContain(
      `127.0.0.1:${rig.daemon.port}::backup`,
    );
    fs.writeFileSync(path.join(rig.source, "second.txt"), "x".repeat(2_000));
    await page.locator("td", { hasText: "second.txt" }).waitFor();
    expect(await page.locator(".chart canvas").count()).toBe(2);
    await keep(page, "light");
    expect(complaints).toEqual([]);
  });

  test("shows a target that goes down, why and until when, and that it is back", async () => {
    const { page } = await visit();
    await badge(page, "up");
    await rig.daemon.kill();
    fs.writeFileSync(path.join(rig.source, "third.txt"), "x");
    await badge(page, "backing off");
    expect(await page.locator(".notice").textContent()).toMatch(
      /Cannot connect.* · next try in \d/,
    );
    await page.waitForFunction("document.title.includes('1 in trouble')");
    await keep(page, "down");
    await rig.daemon.restart();
    await badge(page, "up");
    await page.locator("td", { hasText: "third.txt" }).waitFor();
    expect(await page.title()).toBe("sersync: everything is delivered");
  });

  test("shows a name that is HTML as text", async () => {
    const { page, complaints } = await visit();
    fs.writeFileSync(path.join(rig.source, hostileName), "x");
    await page.locator("td", { hasText: hostileName }).waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("speaks Chinese when asked, and remembers it", async () => {
    const { page } = await visit();
    await page.getByRole("button", { name: "中文" }).click();
    await badge(page, "正常");
    await page.reload();
    await badge(page, "正常");
    expect(await page.locator("html").getAttribute("lang")).toBe("zh");
    await keep(page, "chinese");
    await page.getByRole("button", { name: "English" }).click();
    await badge(page, "up");
  });

  test("speaks Chinese to a browser that does", async () => {
    const { page } = await visit({ locale: "zh-CN" });
    await badge(page, "正常");
  });

  test("fits a phone, in the dark", async () => {
    const long = `${"a-rather-long-name-".repeat(9)}.txt`;
    fs.writeFileSync(path.join(rig.source, long), "x");
    const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
    const { page } = await visit({ ...phone, colorScheme: "dark" });
    await page.locator("td", { hasText: long }).waitFor();
    expect(await overflowOf(page)).toBe(0);
    const ground = await page.evaluate(
      "getComputedStyle(document.documentElement).backgroundColor",
    );
    expect(ground).toBe("rgb(20, 24, 30)");
    await keep(page, "phone-dark");
  });

  test("says that the program has ended", async () => {
    const { page } = await visit();
    await rig.mirror.terminate();
    await page.locator("#summary", { hasText: "no connection to sersync" }).waitFor();
    await page.locator("main.stale").waitFor();
    await keep(page, "gone");
  });
});

import fs from "node:fs";
import path from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { browserProgram, startBrowser } from "../support/browser.ts";
import { type Daemon, daemonVersions, startDaemon } from "../support/daemon.ts";
import { type RunningMirror, startMirror } from "../support/mirror.ts";
import { freePort } from "../support/ports.mjs";
import { temporaryDirectory } from "../support/tree.ts";

/** Where to keep what the page looked like; unset: nowhere. */
const albumDirectory = process.env["SCREENSHOTS"];
const [version] = daemonVersions;
const hostileName = '<img src=x onerror="document.title=`owned`">&amp;.html';

/** On a busy machine a browser takes its time. */
const startingMs = 60_000;
const token = "open-sesame-0123456789";

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
  const tokenFile = temporaryDirectory();
  closers.push(() => tokenFile[Symbol.dispose]());
  fs.writeFileSync(`${tokenFile.path}/token`, `${token}\n`, { mode: 0o600 });
  const mirror = await startMirror({
    source: source.path,
    port: daemon.port,
    remotes: [{ module: "backup" }],
    page,
    params: "-a --bwlimit=3000",
    argv: ["--token-file", `${tokenFile.path}/token`],
  });
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
  page.setDefaultTimeout(20_000);
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
  }, startingMs);
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
    expect(await page.locator(".chart canvas").count()).toBe(3);
    const watching = page.locator("section > .faint").first();
    expect(await watching.textContent()).toMatch(
      /^watching · 1 directory watched by inotify · <0.1 % of [\d,]+ watches · \d+ events · 0 overflows · 0 rescans$/,
    );
    expect(await page.locator("dd").nth(6).textContent()).toMatch(/^\d+ in flight · \d+ warm$/);
    await keep(page, "light");
    expect(complaints).toEqual([]);
  });

  test("shows a target that goes down, why and until when, and that it is back", async () => {
    const { page } = await visit();
    await badge(page, "up");
    await rig.daemon.kill();
    fs.writeFileSync(path.join(rig.source, "third.txt"), "x");
    await badge(page, "backing off");
    expect(await page.locator("article .notice").textContent()).toMatch(
      /Cannot connect.* · next try in \d/,
    );
    await expect.poll(() => page.title(), { timeout: 30_000 }).toContain("1 in trouble");
    await keep(page, "down");
    await rig.daemon.restart();
    await badge(page, "up");
    await page.locator("td", { hasText: "third.txt" }).waitFor();
    expect(await page.title()).toBe("sersync: everything is delivered");
  });

  test("shows what is on its way, and how far it is", async () => {
    const { page, complaints } = await visit();
    fs.writeFileSync(path.join(rig.source, "film.mkv"), Buffer.alloc(12_000_000));
    const file = page.locator(".sending li", { hasText: "film.mkv" });
    await file.locator("progress[value]:not([value='0'])").waitFor();
    expect(await file.textContent()).toMatch(/^film\.mkv[\d.]+ [kM]B \/ 12\.0 MB$/);
    await keep(page, "sending");
    await page.locator("td", { hasText: "film.mkv" }).waitFor();
    await page.locator(".sending").waitFor({ state: "hidden" });
    expect(complaints).toEqual([]);
  });

  test("acts for whoever enters the token, and for nobody else", async () => {
    const { page } = await visit();
    expect(await page.locator("article button").count()).toBe(0);
    await page.getByRole("button", { name: "Act…" }).click();
    await page.getByLabel("token", { exact: true }).fill("something else");
    await page.keyboard.press("Enter");
    await page.getByText("That is not the token.").waitFor();
    await keep(page, "token");
    await page.getByLabel("token", { exact: true }).fill(token);
    await page.getByRole("button", { name: "Enter" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    await badge(page, "paused");
    await expect.poll(() => page.title(), { timeout: 30_000 }).toContain("1 in trouble");
    fs.writeFileSync(path.join(rig.source, "while-paused.txt"), "x");
    await expect.poll(() => page.title(), { timeout: 30_000 }).toContain("1 pending");
    await keep(page, "paused");
    await page.reload(); // the tab remembers the token
    await page.getByRole("button", { name: "Go on" }).click();
    await page.locator("td", { hasText: "while-paused.txt" }).waitFor();
    await page.getByRole("button", { name: "Compare everything" }).click();
    await page.locator("#said", { hasText: "Done." }).waitFor();
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor({ state: "detached" });
  });

  test("lets a click and a folded table be, while it changes", async () => {
    const { page } = await visit();
    const table = page.locator("details[data-key=deliveries]");
    await table.locator("summary").click();
    await page.locator("#language").focus();
    await page.evaluate("document.querySelector('[data-key=deliveries]').isMarked = true");
    fs.writeFileSync(path.join(rig.source, "meanwhile.txt"), "x");
    await table.locator("td", { hasText: "meanwhile.txt" }).waitFor({ state: "attached" });
    const now = "(({ isMarked, open }) => [isMarked, open])";
    const found = await page.evaluate(`${now}(document.querySelector('[data-key=deliveries]'))`);
    expect(found).toEqual([true, false]);
    expect(await page.evaluate("document.activeElement.id")).toBe("language");
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
    await page.getByRole("button", { name: "中文" }).click();
    await badge(page, "正常");
    expect(await overflowOf(page)).toBe(0);
    await keep(page, "phone-dark-chinese");
  });

  test("is readable on a desk in the dark", async () => {
    const { page } = await visit({ colorScheme: "dark", locale: "zh-CN" });
    await badge(page, "正常");
    await keep(page, "dark-chinese");
  });

  test("says that the program has ended", async () => {
    const { page } = await visit();
    await rig.mirror.terminate();
    await page.locator("#summary", { hasText: "no connection to sersync" }).waitFor();
    await page.locator("main.stale").waitFor();
    await keep(page, "gone");
  });
});

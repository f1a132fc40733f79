import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import type { ClientChannel } from "ssh2";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { limitSilence } from "../../../protocol/transport/patience.ts";
import { ChannelConnection } from "../../../protocol/transport/ssh/channel.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("over ssh, too, what is sent between two silences parts them", async () => {
  const channel = Object.assign(new PassThrough(), { stderr: new EventEmitter() });
  channel.write = (...[, done]: unknown[]) => {
    (done as () => void)();
    return true;
  };
  const line = new ChannelConnection(channel as unknown as ClientChannel, "rsync", () => {});
  const giveUp = vi.fn();
  limitSilence(line, 1_000, giveUp);
  vi.advanceTimersByTime(900);
  await new Promise<void>((resolve) => line.write("more", () => resolve()));
  vi.advanceTimersByTime(900);
  expect(giveUp).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  expect(giveUp).toHaveBeenCalledOnce();
  line.destroy();
});

import { createRequire } from "node:module";

const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
const c = koffi.load(null);
const socket = c.func("int socket(int domain, int type, int protocol)");
const bind = c.func("int bind(int fd, const uint8_t *address, uint32_t size)");
const recv = c.func("long recv(int fd, _Out_ uint8_t *data, size_t length, int flags)");
const close = c.func("int close(int fd)");

const [unixFamily, datagram, doNotWait] = [1, 2, 0x40];

/** A bound AF_UNIX datagram socket, as a service manager has one: Node itself has none. */
export interface DatagramReceiver extends Disposable {
  /** What has arrived since the last call, oldest first. */
  readonly take: () => string[];
}

/** `address` is a path, or a name with a leading `@` for the abstract namespace. */
export function receiveDatagrams(address: string): DatagramReceiver {
  const fd = socket(unixFamily, datagram, 0) as number;
  const name = Buffer.from(address.startsWith("@") ? `\0${address.slice(1)}` : `${address}\0`);
  const whole = Buffer.concat([Buffer.of(unixFamily, 0), name]);
  if ((bind(fd, whole, whole.length) as number) !== 0) throw new Error(`cannot bind ${address}`);
  const buffer = Buffer.alloc(4096);
  const take = (): string[] => {
    const length = Number(recv(fd, buffer, buffer.length, doNotWait));
    return length < 0 ? [] : [buffer.toString("utf8", 0, length), ...take()];
  };
  return { take, [Symbol.dispose]: () => void close(fd) };
}

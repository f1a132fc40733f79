import { createRequire } from "node:module";

type Environment = Readonly<Record<string, string | undefined>>;

/** Linux: numbers of the kernel's ABI. */
const unixFamily = 1;
const datagram = 2;
const closeOnExec = 0o2000000;
const doNotWait = 0x40 | 0x4000; // MSG_DONTWAIT, MSG_NOSIGNAL
/** `sun_path` of struct sockaddr_un. */
const longestAddress = 108;

/** Sends one message to the service manager; false when nobody takes it. */
export type Send = (message: string) => boolean;

/**
 * Opens the way to the service manager (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET
 * names, in the file system or, with a leading `@`, in the abstract namespace.
 *
 * @returns undefined when no manager asks to be told, or there is no way to tell it.
 */
export function openNotify(environment: Environment = process.env): Send | undefined {
  const { NOTIFY_SOCKET: address = "" } = environment;
  if (process.platform !== "linux" || !/^[/@]./.test(address)) return undefined;
  const name = Buffer.from(address.replace(/^@/, "\0"));
  if (name.length >= longestAddress) return undefined;
  try {
    return connectLibC(socketAddress(name));
  } catch {
    return undefined; // no koffi for this platform
  }
}

/** struct sockaddr_un; an abstract name has no end but the address's length. */
function socketAddress(name: Buffer): Buffer {
  const family = Buffer.alloc(2);
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = unixFamily;
  const isAbstract = name[0] === 0;
  return Buffer.concat([family, name, ...(isAbstract ? [] : [Buffer.of(0)])]);
}

function connectLibC(address: Buffer): Send | undefined {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const lib = koffi.load(null);
  const open = lib.func("int socket(int domain, int type, int protocol)");
  const sendTo = lib.func(
    "long sendto(int fd, const uint8_t *data, size_t length, int flags, const uint8_t *address, uint32_t size)",
  );
  const fd = open(unixFamily, datagram | closeOnExec, 0) as number;
  if (fd < 0) return undefined;
  return (message) => {
    const data = Buffer.from(message);
    return (
      Number(sendTo(fd, data, data.length, doNotWait, address, address.length)) === data.length
    );
  };
}

/** How often a sign of life is due: twice as often as is asked for. Undefined: never. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: Environment): number | undefined {
  if (WATCHDOG_PID && Number(WATCHDOG_PID) !== process.pid) return undefined;
  const everyMs = Number(WATCHDOG_USEC ?? 0) / 1_000 / 2;
  return everyMs >= 1 ? everyMs : undefined;
}

/** What a service manager is told of this process. */
export class ServiceManager {
  readonly #send: Send | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #status = "";

  /** Takes what concerns it out of the environment. */
  constructor(environment: Record<string, string | undefined> = process.env) {
    this.#send = openNotify(environment);
    const everyMs = watchdogMs(environment);
    // Programs that plugins start must not speak in our name.
    for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete environment[name];
    if (this.#send === undefined || everyMs === undefined) return;
    this.#watchdog = setInterval(() => this.#send?.("WATCHDOG=1"), everyMs);
    this.#watchdog.unref();
  }

  /** False when nobody is told anything. */
  get listens(): boolean {
    return this.#send !== undefined;
  }

  /** Starting takes its time: a big tree has many directories to watch. */
  starting(forMs: number): void {
    this.#send?.(`EXTEND_TIMEOUT_USEC=${forMs * 1_000}`);
  }

  ready(): void {
    this.#send?.(`READY=1\nMAINPID=${process.pid}`);
  }

  reloading(): void {
    const now = process.hrtime.bigint() / 1_000n; // the clock is CLOCK_MONOTONIC
    this.#send?.(`RELOADING=1\nMONOTONIC_USEC=${now}`);
  }

  stopping(): void {
    this.#send?.("STOPPING=1");
  }

  /** One line for a person; told when it has changed. */
  status(line: string): void {
    if (line === this.#status) return;
    this.#status = line;
    this.#send?.(`STATUS=${line.replaceAll("\n", " ")}`);
  }

  close(): void {
    clearInterval(this.#watchdog);
  }
}

import type { Target as TargetAddress } from "../../protocol/index.ts";

/** How often a refused password is compared with what its file holds. */
const lookMs = 2_000;

/**
 * After a daemon has refused a password: looks whether its file holds another one by now, so that
 * whoever mends it need not wait, nor start the program again.
 */
export class PasswordWatch {
  readonly #read: () => TargetAddress;
  readonly #onChange: (address: TargetAddress) => void;
  #refused: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `read` makes the address anew, and may throw while the file is being written. */
  constructor(read: () => TargetAddress, onChange: (address: TargetAddress) => void) {
    this.#read = read;
    this.#onChange = onChange;
  }

  /** The password of this address was refused. */
  refused(address: TargetAddress): void {
    this.#refused = passwordOf(address);
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const address = this.#tryRead();
    if (address === undefined || passwordOf(address) === this.#refused) return;
    this.close();
    this.#onChange(address);
  }

  #tryRead(): TargetAddress | undefined {
    try {
      return this.#read();
    } catch {
      return undefined;
    }
  }
}

function passwordOf({ credentials }: TargetAddress): string {
  return Buffer.from(credentials?.password ?? "").toString("latin1");
}

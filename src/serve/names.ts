import dns from "node:dns/promises";
import type { HostNames } from "../../protocol/index.ts";

/** A client waits while its name is looked up. */
const deadlineMs = 5_000;
const mostRemembered = 1_000;
const rememberedMs = 60_000;

/** Looks names up as this machine does, /etc/hosts and the resolver. */
export class LocalNames implements Required<HostNames> {
  readonly #known = new Map<
    string,
    { readonly name: string | undefined; readonly until: number }
  >();

  /** A name counts only when it leads back to the address: whoever has it could claim any. */
  readonly reverse = async (address: string): Promise<string | undefined> => {
    const known = this.#known.get(address);
    if (known !== undefined && known.until > performance.now()) return known.name;
    const name = await inTime(this.#lookUp(address), undefined);
    if (this.#known.size >= mostRemembered) this.#known.clear();
    this.#known.set(address, { name, until: performance.now() + rememberedMs });
    return name;
  };

  readonly forward = async (name: string): Promise<readonly string[]> => {
    const found = dns.lookup(name, { all: true }).catch(() => []);
    return (await inTime(found, [])).map(({ address }) => address);
  };

  async #lookUp(address: string): Promise<string | undefined> {
    try {
      const { hostname } = await dns.lookupService(address.split("%", 1)[0] as string, 0);
      const addresses = await this.forward(hostname);
      return addresses.includes(address) ? hostname : undefined;
    } catch {
      return undefined;
    }
  }
}

async function inTime<T>(wanted: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), deadlineMs);
  });
  try {
    return await Promise.race([wanted, late]);
  } finally {
    clearTimeout(timer);
  }
}

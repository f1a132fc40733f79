import { networkOf } from "./access/address.ts";
import type { DaemonModule } from "./module.ts";
import type { Visit } from "./visit.ts";

/** How many clients may be here at a time. */
export interface GuestLimits {
  readonly most: number;
  /** Of them from one address, or from one IPv6 network of 64 bits. */
  readonly mostPerAddress: number;
}

/** Who is here: so many in all, so many from one address, so many in one module. */
export class Guests {
  readonly #limits: GuestLimits;
  /** With the network that each comes from; who came first stands first. */
  readonly #visits = new Map<Visit, string>();

  constructor(limits: GuestLimits) {
    this.#limits = limits;
  }

  get visits(): Iterable<Visit> {
    return this.#visits.keys();
  }

  /**
   * Whether there is room for one more. Whoever has not got any further for a while goes for it, so
   * that silence keeps nobody out.
   *
   * @returns the limit that is reached; undefined where there is room.
   */
  limitFor(address: string): number | undefined {
    const { most, mostPerAddress } = this.#limits;
    const network = networkOf(address);
    const isNear = (visit: Visit): boolean => this.#visits.get(visit) === network;
    const near = [...this.#visits.keys()].filter(isNear).length;
    if (near >= mostPerAddress && !this.#makeRoom(isNear)) return mostPerAddress;
    return this.#visits.size >= most && !this.#makeRoom() ? most : undefined;
  }

  add(visit: Visit, address: string): void {
    this.#visits.set(visit, networkOf(address));
  }

  leave(visit: Visit): void {
    this.#visits.delete(visit);
  }

  /** Gives a guest a place in a module. @returns false when it has none left. */
  takePlace(visit: Visit, module: DaemonModule): boolean {
    const { maxConnections = 0 } = module;
    const others = [...this.#visits.keys()].flatMap((each) => each.module ?? []);
    const taken = others.filter((each) => countsWith(each, module)).length;
    // A negative number shuts the module, as in rsync.
    if (maxConnections !== 0 && taken >= maxConnections) return false;
    visit.module = module;
    return true;
  }

  #makeRoom(isMeant: (visit: Visit) => boolean = () => true): boolean {
    for (const visit of this.#visits.keys()) {
      if (!visit.isDawdling || !isMeant(visit)) continue;
      visit.abort("it got no further, and others wait");
      this.#visits.delete(visit);
      return true;
    }
    return false;
  }
}

/** Only sessions in modules with a limit take places that modules share. */
function countsWith(one: DaemonModule, other: DaemonModule): boolean {
  if (one.name === other.name) return true;
  const isShared =
    one.connectionsWith !== undefined && one.connectionsWith === other.connectionsWith;
  return isShared && Boolean(one.maxConnections);
}

import type { Wish } from "./buttons.ts";

const memory = "sersync-token";
const place = "/api/actions";

/** The token by which this page may act; kept as long as the tab is open. */
export class Key {
  #token: string | undefined = sessionStorage.getItem(memory) ?? undefined;
  #isWanted = false;

  /** True when somebody has entered it. */
  get isHere(): boolean {
    return this.#isWanted && this.#token !== undefined;
  }

  /** False when the program takes no token. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Asks the program whether it takes a token at all, and whether it takes ours. */
  async look(): Promise<void> {
    const { actions } = (await (await fetch(place)).json()) as {
      readonly actions: readonly string[];
    };
    this.#isWanted = actions.length > 0;
    if (this.isHere && !(await this.take(this.#token ?? ""))) this.forget();
  }

  /** Returns false when it is the wrong one. */
  async take(token: string): Promise<boolean> {
    if (!/^[!-~]+$/.test(token)) return false; // no header could carry it
    const { ok } = await fetch(place, { headers: bearer(token) });
    if (!ok) return false;
    this.#token = token;
    sessionStorage.setItem(memory, token);
    return true;
  }

  forget(): void {
    this.#token = undefined;
    sessionStorage.removeItem(memory);
  }

  /** Returns why it is not done; undefined when it is. */
  async act(wish: Wish): Promise<string | undefined> {
    const answer = await fetch(place, {
      method: "POST",
      headers: { ...bearer(this.#token ?? ""), "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
    if (answer.status === 401) this.forget();
    if (answer.ok) return undefined;
    const text = await answer.text();
    try {
      return (JSON.parse(text) as { readonly error?: string }).error ?? text;
    } catch {
      return text;
    }
  }
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

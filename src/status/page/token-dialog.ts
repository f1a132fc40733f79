import type { Key } from "./key.ts";
import type { Words } from "./words.ts";

const dialog = document.querySelector("#ask") as HTMLDialogElement;
const field = document.querySelector("#token") as HTMLInputElement;
const wrong = document.querySelector("#ask-wrong") as HTMLElement;
const opener = document.querySelector("#act") as HTMLButtonElement;

/** The button by which the token is entered and forgotten, and the dialog behind it. */
export class TokenDialog {
  readonly #key: Key;
  readonly #onChange: () => void;

  constructor(key: Key, onChange: () => void) {
    this.#key = key;
    this.#onChange = onChange;
    opener.addEventListener("click", () => this.#press());
    document.querySelector("#cancel")?.addEventListener("click", () => dialog.close());
    dialog.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#enter();
    });
  }

  show(words: Words): void {
    opener.hidden = !this.#key.isWanted;
    const texts: Readonly<Record<string, string>> = {
      act: this.#key.isHere ? words.forgetToken : words.enterToken,
      "ask-title": words.tokenTitle,
      "ask-hint": words.tokenHint,
      "ask-wrong": words.wrongToken,
      enter: words.enter,
      cancel: words.cancel,
    };
    for (const [id, text] of Object.entries(texts)) {
      const node = document.getElementById(id);
      if (node !== null && node.textContent !== text) node.textContent = text;
    }
    field.ariaLabel = words.token;
  }

  #press(): void {
    if (this.#key.isHere) {
      this.#key.forget();
      this.#onChange();
      return;
    }
    field.value = "";
    wrong.hidden = true;
    dialog.showModal();
  }

  async #enter(): Promise<void> {
    const isRight = await this.#key.take(field.value.trim()).catch(() => false);
    wrong.hidden = isRight;
    if (!isRight) return;
    dialog.close();
    this.#onChange();
  }
}

import type { PluginChange } from "./interface.ts";

/** What the thread of a plugin module is started with. */
export interface ModuleStart {
  /** `file:` address of the module. */
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: string;
}

/** Main thread to the module's. */
export type ModuleOrder =
  | { readonly kind: "change"; readonly id: number; readonly change: PluginChange }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "close" };

/** The module's thread to the main one. */
export type ModuleReport =
  | { readonly kind: "ready" }
  | { readonly kind: "log"; readonly text: string }
  /** With a problem: what the module threw. */
  | { readonly kind: "done"; readonly id: number; readonly problem?: string };

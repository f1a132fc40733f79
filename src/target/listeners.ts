import type { TargetEvents } from "./options.ts";

/** Events of one target, told to each of `listeners` that wants to know, in their order. */
export function tellAll(listeners: readonly Partial<TargetEvents>[]): TargetEvents {
  return {
    delivered: (...event) => {
      for (const each of listeners) each.delivered?.(...event);
    },
    failed: (...event) => {
      for (const each of listeners) each.failed?.(...event);
    },
    down: (...event) => {
      for (const each of listeners) each.down?.(...event);
    },
    up: (...event) => {
      for (const each of listeners) each.up?.(...event);
    },
    comparing: (...event) => {
      for (const each of listeners) each.comparing?.(...event);
    },
    reconciled: (...event) => {
      for (const each of listeners) each.reconciled?.(...event);
    },
    halted: (...event) => {
      for (const each of listeners) each.halted?.(...event);
    },
    resumed: (...event) => {
      for (const each of listeners) each.resumed?.(...event);
    },
    stepped: (...event) => {
      for (const each of listeners) each.stepped?.(...event);
    },
  };
}

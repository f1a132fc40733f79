import type { Answerer } from "../control/server.ts";
import type { Service } from "./service.ts";

/** Answers what is asked at the control socket. */
export function answererFor(service: Service): Answerer {
  return async (request, tell) => {
    switch (request.do) {
      case "stop": {
        const ended = service.stop("request");
        await tell({ ok: true, pid: process.pid });
        return { ok: true, undelivered: await ended };
      }
      case "reload": {
        const outcome = await service.reload();
        if (outcome.ok) return { ...outcome };
        const [error = "", ...details] = outcome.mistakes;
        return { ok: false, code: "BAD_CONFIG", error, details };
      }
    }
  };
}

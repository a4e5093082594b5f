import type { Context } from "fata-morgana/config";
import type { Console } from "fata-morgana/devices";

export async function start(_console: Console, { log }: Context): Promise<void> {
  for (const each of [log, log.source("tcp")]) {
    each.error("an error");
    each.warning("a warning");
    each.info("an information");
    each.debug("a detail");
  }
}

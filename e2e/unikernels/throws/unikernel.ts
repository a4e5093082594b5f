import type { Console } from "fata-morgana/devices";
import { BlockError } from "fata-morgana/devices";

export async function start(console: Console): Promise<void> {
  await console.writeLine("about to fail");
  fail();
}

function fail(): never {
  throw new BlockError("io", "Cannot go on: the test says so");
}

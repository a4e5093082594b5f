import type { Context } from "fata-morgana/config";
import type { Clock, Console } from "fata-morgana/devices";

export async function start(console: Console, _clock: Clock, { about }: Context): Promise<void> {
  await console.writeLine(`name: ${about.name}`);
  await console.writeLine(`version: ${about.version}`);
  await console.writeLine(`target: ${about.target}`);
  await console.writeLine("devices:");
  for (const { name, signature } of about.devices) {
    await console.writeLine(`  ${name}: ${signature}`);
  }
  await console.writeLine("packages linked in:");
  for (const { name, version } of about.packages) {
    await console.writeLine(`  ${name} ${version}`);
  }
}

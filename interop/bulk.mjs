// A gibibyte over TCP, both ways: with `--quick`, a quarter of it.

import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";
import { receive, send } from "./transfer.mjs";

const bytes = 2 ** (process.argv.includes("--quick") ? 28 : 30);

await withTap(import.meta.url, async (lab) => {
  const { check, host, kernel } = lab;

  await check("from socat to us over ipv4", ["socat"], async () => {
    return receive(lab, await host(), { to: ours.ipv4, bytes, program: "socat" });
  });

  await check("from us to socat over ipv4", ["socat"], async () => {
    return send(lab, await host(), { to: kernel.ipv4, bytes, program: "socat" });
  });

  await check("from nc to us over ipv6", ["nc"], async () => {
    return receive(lab, await host(), { to: ours.ipv6, bytes: bytes / 4, program: "nc" });
  });

  await check("from us to nc over ipv6", ["nc"], async () => {
    return send(lab, await host(), { to: kernel.ipv6, bytes: bytes / 4, program: "nc" });
  });
});

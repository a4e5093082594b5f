// One server over our own stack through a TAP device, and over the kernel's sockets, in turns: the
// rates as JSON on the last line. Runs itself again in a network namespace, as the checks of
// interop/ do.

import { withTap } from "../../interop/lab.mjs";
import { requestRate, withServer } from "./wrk.mjs";

await withTap(import.meta.url, async ({ fd }) => {
  const program = process.env.MORGANA_BENCH_PROGRAM ?? "";
  const own = ["--mac=02:00:00:00:00:02", "--ipv4=10.9.0.2/24", `--net=fd:${fd}`];
  const rates = { own: /** @type {number[]} */ ([]), sockets: /** @type {number[]} */ ([]) };
  for (let round = 0; round < 5; round += 1) {
    rates.own.push(
      await withServer([program, "--port=80", ...own], () => requestRate("http://10.9.0.2/"), [fd]),
    );
    rates.sockets.push(
      await withServer([program, "--port=8080"], () => requestRate("http://127.0.0.1:8080/")),
    );
  }
  console.log(JSON.stringify(rates));
});

import {
  defaultClock,
  defaultConsole,
  defaultRandom,
  networkNamed,
  router,
  unikernel,
} from "fata-morgana/config";
import { shaped } from "./shaped.ts";

const inside = networkNamed("lan");
const outside = shaped(networkNamed("wan"));

export default unikernel(
  "router",
  () => import("./unikernel.ts"),
  [
    defaultConsole,
    router({
      lan: { network: inside, addresses: "10.0.0.1/24,fd00:1::1/64" },
      wan: { network: outside, addresses: "203.0.113.1/24,2001:db8:2::1/64" },
    }),
    outside,
    defaultClock,
    defaultRandom,
  ],
  {
    description: "Routes between two networks, with a filter, a translator and a queue on the way",
    args: {
      rules: {
        type: "string",
        optional: true,
        doc: "Rules of the filter, with semicolons between them, instead of its own",
      },
      forward: {
        type: "string",
        default: "8080=10.0.0.2:7",
        doc: "Ports of TCP outside that lead inside, such as 8080=10.0.0.2:80, or none",
      },
    },
  },
);

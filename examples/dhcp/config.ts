import {
  defaultBlock,
  defaultClock,
  defaultConsole,
  genericStack,
  keyValueOn,
  unikernel,
} from "fata-morgana/config";

const leases = keyValueOn(defaultBlock("leases", { sectorCount: 512 }));

export default unikernel(
  "dhcp",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock, leases],
  {
    description: "Gives addresses to whoever is on its network, and keeps the leases on a disk",
    args: {
      first: { type: "string", default: "10.0.0.100", doc: "First address to give" },
      last: { type: "string", default: "10.0.0.199", doc: "Last address to give" },
      seconds: { type: "int", default: 3600, min: 10, doc: "How long to give one for" },
    },
  },
);

import {
  defaultBlock,
  defaultClock,
  defaultConsole,
  defaultRandom,
  genericStack,
  httpServer,
  keyValueOn,
  unikernel,
} from "fata-morgana/config";

const stack = genericStack();
const disk = defaultBlock("notes", { sectorCount: 4096 });

export default unikernel(
  "http-server",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack), keyValueOn(disk), defaultClock, defaultRandom],
  {
    description: "A JSON service with accounts and notes, which keeps them on a disk",
    args: {
      port: { type: "int", default: 80, min: 1, max: 65_535, doc: "TCP port to serve on" },
      passwordCost: {
        type: "int",
        default: 14,
        min: 4,
        max: 20,
        doc: "Cost of a password's hash: scrypt's N is two to this power",
      },
    },
  },
);

import { defaultBlock, defaultConsole, unikernel } from "fata-morgana/config";

const disk = defaultBlock("counts", { sectorCount: 1_000_000 });

export default unikernel("counts", () => import("./unikernel.ts"), [defaultConsole, disk], {
  description: "Writes number after number to its disk, and says each that is durable",
  args: { last: { type: "int", default: 1_000_000, doc: "Where to stop" } },
});

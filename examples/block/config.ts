import { defaultBlock, defaultConsole, unikernel } from "fata-morgana/config";

const disk = defaultBlock("block", { sectorCount: 1024 });

export default unikernel("block", () => import("./unikernel.ts"), [defaultConsole, disk], {
  description: "Checks ten promises of its disk, and exits with 2 if one is broken",
});

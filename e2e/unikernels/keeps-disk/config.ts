import { defaultBlock, defaultClock, defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel(
  "keeps-disk",
  () => import("./unikernel.ts"),
  [defaultConsole, defaultBlock("shared", { sectorCount: 64 }), defaultClock],
  {
    description: "Keeps its disk until it is halted",
  },
);

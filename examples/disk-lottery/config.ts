import { defaultBlock, defaultConsole, defaultRandom, unikernel } from "fata-morgana/config";

const disk = defaultBlock("lottery", { sectorCount: 16 });

export default unikernel(
  "disk-lottery",
  () => import("./unikernel.ts"),
  [defaultConsole, disk, defaultRandom],
  {
    description: "Plays a lottery whose draws and wins survive a reload",
    args: {
      slot: { type: "int", default: 0, min: 0, max: 15, doc: "Sector that holds the game" },
      reset: { type: "boolean", default: false, doc: "Start a new game in the slot" },
    },
  },
);

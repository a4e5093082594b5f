import { defaultClock, defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("clock", () => import("./unikernel.ts"), [defaultConsole, defaultClock], {
  description: "Shows the wall clock and the monotonic clock, and how finely it ticks",
  args: { ticks: { type: "int", default: 5, min: 1, doc: "How many times to show them" } },
});

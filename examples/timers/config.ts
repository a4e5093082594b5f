import { defaultClock, defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("timers", () => import("./unikernel.ts"), [defaultConsole, defaultClock], {
  description: "Joins two timers, races two, cancels one and gives one a timeout",
});

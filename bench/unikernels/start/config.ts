import { defaultClock, defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("start", () => import("./unikernel.ts"), [defaultConsole, defaultClock], {
  description: "Says when it was started, in the page's time",
});

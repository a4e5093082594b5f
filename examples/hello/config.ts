import { defaultClock, defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("hello", () => import("./unikernel.ts"), [defaultConsole, defaultClock], {
  description: "Says hello four times, once a second",
});

import { defaultClock, defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel(
  "late-error",
  () => import("./unikernel.ts"),
  [defaultConsole, defaultClock],
  {
    description: "Fails where nobody awaits it",
  },
);

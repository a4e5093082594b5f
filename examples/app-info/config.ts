import { defaultClock, defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel(
  "app-info",
  () => import("./unikernel.ts"),
  [defaultConsole, defaultClock],
  {
    description: "Tells what it is made of: its name, version, devices and packages",
    version: "1.0.0",
  },
);

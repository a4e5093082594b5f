import { defaultConsole, defaultNetwork, unikernel } from "fata-morgana/config";

export default unikernel(
  "bad-frames",
  () => import("./unikernel.ts"),
  [defaultConsole, defaultNetwork],
  {
    description: "Sends frames that are none",
  },
);

import { defaultClock, defaultConsole, defaultNetwork, unikernel } from "fata-morgana/config";

export default unikernel(
  "shares-memory",
  () => import("./unikernel.ts"),
  [defaultConsole, defaultNetwork, defaultClock],
  {
    description: "Asks the page for a ring, and tells in what memory frames arrive",
  },
);

import { defaultClock, defaultConsole, defaultNetwork, unikernel } from "fata-morgana/config";

export default unikernel(
  "frames",
  () => import("./unikernel.ts"),
  [defaultConsole, defaultNetwork, defaultClock],
  {
    description: "Greets every other unikernel on its switch in raw Ethernet frames",
    args: {
      name: { type: "string", default: "somebody", doc: "The name to greet with" },
      greetings: { type: "int", default: 0, min: 0, doc: "Exit after so many; 0 stays" },
    },
  },
);

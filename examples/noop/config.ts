import { unikernel } from "fata-morgana/config";

export default unikernel("noop", () => import("./unikernel.ts"), [], {
  description: "Does nothing, and exits with 0",
});

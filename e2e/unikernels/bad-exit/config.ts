import { unikernel } from "fata-morgana/config";

export default unikernel("bad-exit", () => import("./unikernel.ts"), [], {
  description: "Returns what is no exit code",
});

import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("logs", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Logs at every level",
});

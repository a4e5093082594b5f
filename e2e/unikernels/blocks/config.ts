import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("blocks", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Blocks its thread for ever",
});

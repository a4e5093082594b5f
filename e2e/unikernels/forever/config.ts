import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("forever", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Never returns, and hears nothing",
});

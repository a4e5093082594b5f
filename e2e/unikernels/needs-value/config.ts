import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("needs-value", () => import("./unikernel.ts"), [defaultConsole], {
  args: { peer: { type: "string", doc: "Whom to call" } },
});

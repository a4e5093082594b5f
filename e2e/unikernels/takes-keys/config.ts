import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("takes-keys", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Shows the bytes of each key; q ends it, b blocks its thread, r throws",
});

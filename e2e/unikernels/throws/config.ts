import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("throws", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Throws at once",
});

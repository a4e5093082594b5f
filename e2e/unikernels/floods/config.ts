import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("floods", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Prints 10 MB and exits at once",
});

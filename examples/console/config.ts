import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("console", () => import("./unikernel.ts"), [defaultConsole], {
  description: "A small shell with line editing and history",
  args: { prompt: { type: "string", default: "> ", doc: "What stands before each line" } },
});

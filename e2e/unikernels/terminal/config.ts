import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("terminal", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Says what it hears from its console",
  args: {
    mode: { type: "choice", choices: ["lines", "bytes", "deaf"], default: "lines", doc: "Reads" },
    prints: { type: "string", default: "", doc: "What to print first, as inside a JSON string" },
  },
});

import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("floods", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Prints 10 MB and exits at once",
  args: {
    shape: {
      type: "choice",
      choices: ["lines", "unawaited", "noise", "one-line", "backspaces", "titles", "clears"],
      default: "lines",
      doc: "What to print",
    },
  },
});

import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("hello-key", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Greets whoever its argument names, as often as another says",
  args: {
    hello: { type: "string", default: "Hello World!", doc: "How to say hello" },
    times: { type: "int", default: 1, min: 1, max: 100, doc: "How often to say it" },
    manner: {
      type: "choice",
      choices: ["plain", "loud"],
      default: "plain",
      doc: "In which manner",
    },
  },
});

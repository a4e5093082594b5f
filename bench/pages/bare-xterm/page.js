import { Terminal } from "@xterm/xterm";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const terminal = new Terminal();
terminal.open(document.getElementById("screen") ?? document.body);
worker.onmessage = ({ data }) => terminal.write(data);

/** Starts the worker that the drivers run in, and shows when it has loaded. */

startWorker();

function startWorker(): void {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => (document.body.textContent = String(data)));
  worker.addEventListener("error", ({ message }) => (document.body.textContent = message));
  window.restartWorker = () => {
    worker.terminate();
    document.body.textContent = "";
    startWorker();
  };
}

declare global {
  interface Window {
    /** Ends the worker, whatever it does, and starts another. */
    restartWorker(): void;
  }
}

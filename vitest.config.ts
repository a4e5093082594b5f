import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Unit tests of the composition run on the simulated drivers, from source.
    alias: { "#drivers": new URL("src/config/drivers/simulated.ts", import.meta.url).pathname },
  },
  // Threads start in less than half the time of processes, and there are many files.
  test: {
    pool: "threads",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 20_000,
  },
});

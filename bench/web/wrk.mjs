// wrk, and the servers that it asks.

import { spawn } from "node:child_process";
import { capture, root } from "../../scripts/step.mjs";

/**
 * Requests per second of `wrk -c 64`, over two seconds.
 *
 * @param {string} url
 * @returns {Promise<number>}
 */
export async function requestRate(url) {
  const { code, output } = await capture("wrk", ["-c", "64", "-t", "1", "-d", "2s", url]);
  const [, rate = ""] = /Requests\/sec:\s+([\d.]+)/.exec(output) ?? [];
  if (code !== 0 || rate === "" || /Non-2xx|Socket errors/.test(output)) {
    throw new Error(`wrk could not measure ${url}:\n${output}`);
  }
  return Number(rate);
}

/**
 * Starts a server that says when it serves, for as long as `use` takes.
 *
 * @template Result
 * @param {readonly string[]} words the program of Node and its arguments
 * @param {() => Promise<Result>} use
 * @param {(number | "ignore")[]} [more] descriptors that it inherits from 3 on
 * @returns {Promise<Result>}
 */
export async function withServer(words, use, more = []) {
  const child = spawn(process.execPath, words, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit", ...more],
  });
  try {
    await new Promise((resolve, reject) => {
      child.once("exit", () => reject(new Error(`${words[0]} has ended`)));
      child.stdout?.on("data", (text) => String(text).includes("Serving") && resolve(undefined));
    });
    return await use();
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
  }
}

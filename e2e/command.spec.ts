import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { entry, example, test } from "./command.ts";

const commands = ["new", "dev", "build", "run", "describe"];

const soundUnikernel = "export function start(): void {}\n";

function soundConfig(name: string): string {
  return [
    'import { defaultConsole, unikernel } from "fata-morgana/config";',
    "",
    `export default unikernel("${name}", () => import("./unikernel.ts"), [defaultConsole]);`,
    "",
  ].join("\n");
}

for (const words of [[], ["--help"], ["-h"], ["help"]]) {
  test(`morgana ${words.join(" ")} shows the commands`, async ({ morgana }) => {
    const { code, stdout, stderr } = await morgana(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const name of commands) expect(stdout).toContain(`\n  morgana ${name} `);
  });
}

for (const name of commands) {
  test(`morgana ${name} --help shows its usage`, async ({ morgana }) => {
    const ended = await morgana([name, "--help"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(new RegExp(`^Usage: morgana ${name} .*\n\n {2}\\S`));
    expect(await morgana(["help", name])).toEqual(ended);
  });

  test(`morgana ${name} refuses what it does not know`, async ({ morgana }) => {
    const { code, stdout, stderr } = await morgana([name, "--nonsense"]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(`^morgana ${name}: .*--nonsense[^]*\nUsage: morgana ${name} `),
    );
  });
}

test("morgana --version is the package's", async ({ morgana }) => {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  expect(await morgana(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

for (const words of [["frobnicate"], ["--frobnicate"], ["help", "frobnicate"], ["toString"]]) {
  test(`morgana ${words.join(" ")} is refused, with the commands`, async ({ morgana }) => {
    const { code, stdout, stderr } = await morgana(words);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toContain(`morgana: there is no command "${words.at(-1)}"\n`);
    expect(stderr).toContain("\n  morgana describe ");
  });
}

for (const [words, problem] of [
  [["run"], "morgana run: The unikernel is missing"],
  [["run", ".", "-t", "browser"], 'morgana run: -t must be node or simulated, not "browser"'],
  [["run", ".", "-t"], 'morgana run: -t must be node or simulated, not ""'],
  [["describe"], "morgana describe: The unikernel is missing"],
  [["describe", "a", "b"], 'morgana describe: Unexpected "b": there is one unikernel'],
  [
    ["describe", ".", "--format=x"],
    'morgana describe: --format must be one of text, json, dot, svg, not "x"',
  ],
  [["new"], "morgana new: The folder is missing"],
  [["dev", ".", "--port=x"], 'morgana dev: --port must be a whole number from 0 to 65535, not "x"'],
  [
    ["dev", ".", "--port=65536"],
    'morgana dev: --port must be a whole number from 0 to 65535, not "65536"',
  ],
] as const) {
  test(`morgana ${words.join(" ")} exits with 64 and says why`, async ({ morgana, write }) => {
    write({ "config.ts": soundConfig("sound"), "unikernel.ts": soundUnikernel });
    const { code, stderr } = await morgana(words);
    expect(code).toBe(64);
    expect(stderr).toMatch(new RegExp(`\n\nUsage: morgana ${words[0]} `));
    expect(stderr.split("\n")[0]).toBe(problem);
  });
}

test("what nobody reads any more ends quietly", async ({ start }) => {
  const script = '{ sleep 1; node "$0" describe "$1"; echo "code $?" >&2; } | true';
  const words = ["-c", script, entry, example("block")];
  expect((await start(words, { program: "sh" }).ended).stderr).toBe("code 141\n");
});

for (const command of ["run", "describe"]) {
  test(`morgana ${command} of nothing names what there is`, async ({ morgana, write, folder }) => {
    write({ "alpha/config.ts": soundConfig("alpha"), "beta/config.ts": soundConfig("beta") });
    for (const name of ["gamma", "."]) {
      const { code, stderr } = await morgana([command, name]);
      expect(code).toBe(1);
      const looked = join(folder, name, "config.ts");
      expect(stderr).toBe(
        `morgana ${command}: Cannot find a unikernel at ${name}: there is no ${looked}; unikernels there: alpha, beta\n`,
      );
    }
  });
}

for (const { what, config, says } of [
  {
    what: "throws",
    config: "\nconst names: string[] = [];\n\n  throw new Error(`not ${names.length}`);\n",
    says: "config.ts:4:9: not 0\n",
  },
  { what: "exports nothing", config: "export {};\n", says: "config.ts has no default export" },
  { what: "exports something else", config: "export default 5;\n", says: "config.ts exports " },
  { what: "does not parse", config: "\nexport default [;\n", says: "config.ts:2:17" },
  {
    what: "imports what is not there",
    config: 'import "./gone.ts";\n',
    says: "config.ts:1:8",
  },
  {
    what: "has a name that no page can have",
    config: soundConfig("No Name"),
    says: 'Cannot name a unikernel "No Name"',
  },
]) {
  for (const command of ["run", "describe"]) {
    test(`morgana ${command} says where a config.ts ${what}`, async ({ morgana, write }) => {
      write({ "config.ts": config, "unikernel.ts": soundUnikernel });
      const { code, stdout, stderr } = await morgana([command, "."]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(`morgana ${command}: `);
      expect(stderr).toContain(says);
      // Neither the command's own lines nor colours.
      expect(stderr).not.toMatch(/\n {4}at |\u001b/);
    });
  }
}

test("morgana run says where a config.ts loads a unikernel that is not there", async ({
  morgana,
  write,
}) => {
  // Lines that the bundler does not count.
  write({ "config.ts": `/** Comments\n * and */\ntype Port = number;\n\n${soundConfig("sound")}` });
  const { code, stderr } = await morgana(["run", "."]);
  expect(code).toBe(1);
  expect(stderr).toContain("morgana run: config.ts:7:48: Could not resolve './unikernel.ts'\n");
});

test("morgana describe draws the graph as text, data, DOT and a picture", async ({ morgana }) => {
  const describe = async (format: string): Promise<string> => {
    const words = ["describe", example("disk-lottery"), "--format", format];
    const { code, stdout, stderr } = await morgana(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };
  expect(await describe("text")).toBe(
    "disk-lottery\n├─ console (Console)\n├─ lottery (Block)\n└─ random (Random)\n",
  );
  const description = JSON.parse(await describe("json"));
  expect(description.start).toEqual(["console", "lottery", "random"]);
  expect(Object.keys(description.args)).toEqual(
    expect.arrayContaining(["slot", "reset", "lotteryDisk", "lotterySectors", "logs"]),
  );
  expect(await describe("dot")).toMatch(
    /^digraph "disk-lottery" \{\n[^]*-> "device lottery";[^]*\}\n$/,
  );
  expect(await describe("svg")).toMatch(/<svg role="img"[^]*<\/svg>/);
});

test("morgana new makes a project that runs, in any folder that is empty", async ({
  morgana,
  write,
  folder,
}) => {
  write({});
  for (const [path, name] of [
    ["a/deeper/path", "path"],
    ["-- Größe & 'Maß' --", "gro-e-ma"],
    ["fata-morgana", "fata-morgana-unikernel"],
    ["🙂", "unikernel"],
  ] as const) {
    const { code, stdout } = await morgana(["new", "--", path]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Made ${path}. Now:\n`);
    const manifest = JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8"));
    expect(manifest.name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    if (name !== "gro-e-ma") expect(manifest.name).toBe(name);
    const ran = await morgana(["run", join(folder, path), "--name=you"]);
    expect(ran).toEqual({ code: 0, stdout: "Hello, you!\n", stderr: "" });
  }
});

test("morgana new leaves a folder alone that is not empty, and a file", async ({
  morgana,
  folder,
}) => {
  mkdirSync(join(folder, "full"));
  writeFileSync(join(folder, "full/notes"), "mine");
  for (const [path, why] of [
    ["full", "it is not empty"],
    ["full/notes", "it is not a folder"],
  ] as const) {
    const { code, stderr } = await morgana(["new", path]);
    expect(code).toBe(1);
    expect(stderr).toBe(`morgana new: Cannot make a project in ${join(folder, path)}: ${why}\n`);
  }
  expect(readdirSync(join(folder, "full"))).toEqual(["notes"]);
});

test("morgana new says a path with spaces as a shell takes it", async ({ morgana }) => {
  expect((await morgana(["new", "my app"])).stdout).toContain("\n  cd 'my app'\n");
  expect((await morgana(["new", "it's"])).stdout).toContain("\n  cd 'it'\\''s'\n");
});

for (const command of ["build", "dev"]) {
  test(`morgana ${command} of a folder without unikernels says so`, async ({ morgana }) => {
    const { code, stderr } = await morgana([command]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `morgana ${command}: . holds no unikernel: no config.ts, there or in a folder of it\n`,
    );
    const missing = await morgana([command, "nowhere"]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/: there is no such folder\n$/);
  });
}

test("morgana build keeps the old site, when a unikernel breaks", async ({
  morgana,
  write,
  folder,
}) => {
  write({
    "package.json": '{ "name": "sound" }',
    "config.ts": soundConfig("sound"),
    "unikernel.ts": soundUnikernel,
  });
  const built = await morgana(["build"]);
  expect(built.code, built.stderr).toBe(0);
  expect(built.stdout).toMatch(/^Building 1 unikernel\n[^]*Wrote dist: /);
  const siteFiles = (): ReadonlySet<string> =>
    new Set(readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }));
  const site = siteFiles();
  expect([...site]).toEqual(
    expect.arrayContaining(["index.html", "morgana.js", "sound/unikernel.js"]),
  );

  write({ "unikernel.ts": "\nexport function start( {}\n" });
  const { code, stderr } = await morgana(["build"]);
  expect(code).toBe(1);
  expect(stderr).toContain("unikernel.ts:2:");
  expect(siteFiles()).toEqual(site);

  writeFileSync(join(folder, "dist/stale"), "");
  write({ "unikernel.ts": soundUnikernel });
  expect((await morgana(["build"])).code).toBe(0);
  expect(existsSync(join(folder, "dist/stale"))).toBe(false);
});

test("morgana build empties no folder of somebody else's", async ({ morgana, write, folder }) => {
  write({
    "app/config.ts": soundConfig("app"),
    "app/unikernel.ts": soundUnikernel,
    "home/letter": "mine",
  });
  for (const [out, why] of [
    ["home", "it holds what no earlier build wrote; empty it, or name another"],
    ["app", "the unikernels themselves are there"],
    [".", "the unikernels themselves are there"],
  ] as const) {
    const { code, stderr } = await morgana(["build", "app", "--out", out]);
    expect(code).toBe(1);
    expect(stderr).toBe(`morgana build: Cannot build into ${join(folder, out)}: ${why}\n`);
  }
  expect(readdirSync(join(folder, "home"))).toEqual(["letter"]);
  expect(readdirSync(join(folder, "app"))).toEqual(["config.ts", "unikernel.ts"]);
});

for (const [signal, code] of [
  ["SIGINT", 0],
  ["SIGTERM", 143],
] as const) {
  test(`morgana dev serves until ${signal}`, async ({ start, write }) => {
    write({ "config.ts": soundConfig("sound"), "unikernel.ts": soundUnikernel });
    const running = start(["dev", "--port=0", "--host", "127.0.0.1"]);
    await running.shows(/Local: +http:\/\/127\.0\.0\.1:\d+\//);
    expect(running.stdout).toContain("Morgana serves 1 unikernel\n");
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+\//.exec(running.stdout) ?? [];
    const page = await fetch(url, { headers: { accept: "text/html" } });
    expect(await page.text()).toContain("<h1>Unikernels</h1>");
    running.kill(signal);
    expect((await running.ended).code).toBe(code);
  });
}

test("morgana dev ends, when its port is taken and it may take no other", async ({
  morgana,
  start,
  write,
}) => {
  write({ "config.ts": soundConfig("sound"), "unikernel.ts": soundUnikernel });
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const words = ["dev", "--host=127.0.0.1", `--port=${port}`];
  try {
    const { code, stderr } = await morgana([...words, "--strict-port"]);
    expect(code).toBe(1);
    expect(stderr).toBe(`morgana dev: Port ${port} is already in use\n`);
    const running = start(words);
    await running.shows(/Local: +http:\/\/127\.0\.0\.1:\d+\//);
    expect(running.stdout).not.toContain(`127.0.0.1:${port}/`);
  } finally {
    other.close();
  }
});

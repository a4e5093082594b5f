import { readdirSync } from "node:fs";
import { expect } from "@playwright/test";
import { entry, example, test, testUnikernel } from "./command.ts";

const targets = ["node", "simulated"] as const;

/** The first and the last line that each example prints on any target. */
const greetings: Readonly<Record<string, RegExp>> = {
  "app-info": /^name: app-info\nversion: 1\.0\.0\n[^]*\npackages linked in:\n {2}fata-morgana \d/,
  block: /^disk: 1024 sectors of 512 bytes\n[^]*\n10 of 10 checks passed\n$/,
  clock: /^zone: UTC[+-]\d\d:\d\d\n[^]*, 0 not later than the one before\n$/,
  "disk-lottery": /^Slot 0: a new game\nDraw 1: \d[^]*\nWon [01] of 1\. .*\n$/,
  hello: /^hello\nhello\nhello\nhello\n$/,
  "hello-key": /^Hello World!\n$/,
  noop: /^$/,
  timers: /^join: heads and tails [^]*\ntimeout: gave up after \d.*\n$/,
};

for (const target of targets) {
  for (const [name, greeting] of Object.entries(greetings)) {
    test(`${name} runs on ${target} to its end`, async ({ morgana }) => {
      const ended = await morgana(["run", example(name), "-t", target]);
      expect(ended).toEqual({ code: 0, stdout: expect.stringMatching(greeting), stderr: "" });
    });
  }

  test(`console takes piped lines on ${target}, and exits with what it is told`, async ({
    morgana,
  }) => {
    const input = "echo one  two\nhistory\nexit 3\necho never\n";
    const ended = await morgana(["run", example("console"), "-t", target], { input });
    const stdout = `A small shell. Type "help" for its commands.
> echo one  two
one two
> history
    1  echo one  two
    2  history
> exit 3
`;
    expect(ended).toEqual({ code: 3, stdout, stderr: "" });
  });

  test(`console ends with its piped input on ${target}`, async ({ morgana }) => {
    const { code, stdout } = await morgana(["run", example("console"), "-t", target], {
      input: "echo the last line",
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n> echo the last line\nthe last line\n> \n$/);
  });

  test(`block exits with 2 on ${target}, when its disk breaks a promise`, async ({ morgana }) => {
    const words = ["run", example("block"), "-t", target, "--block-sectors=1"];
    const { code, stdout } = await morgana(words);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^FAILED write and read eight sectors in one buffer: .*has 1 sectors$/m);
    expect(stdout).toContain("\n6 of 10 checks passed\n");
  });

  test(`--help shows the arguments on ${target} and exits with 63`, async ({ morgana }) => {
    const ended = await morgana(["run", example("hello-key"), "-t", target, "--help"]);
    expect(ended).toMatchObject({ code: 63, stderr: "" });
    expect(ended.stdout).toContain("--times=<int>        How often to say it (default 1)\n");
    expect(ended.stdout.includes("--seed=<int>")).toBe(target === "simulated");
  });

  test(`a unikernel that throws on ${target} exits with 255 and the user's lines`, async ({
    morgana,
  }) => {
    const { code, stdout, stderr } = await morgana(["run", testUnikernel("throws"), "-t", target]);
    expect(code).toBe(255);
    expect(stdout).toBe("about to fail\n");
    expect(stderr).toMatch(/^Uncaught BlockError: Cannot go on: the test says so\n/);
    const file = `${testUnikernel("throws")}/unikernel.ts`;
    expect(stderr).toContain(`at fail (${file}:10:9)`);
    expect(stderr).toContain(`start (${file}:6:3)`);
  });

  test(`an error that nobody awaits on ${target} exits with 255`, async ({ morgana }) => {
    const ended = await morgana(["run", testUnikernel("late-error"), "-t", target]);
    expect(ended).toMatchObject({ code: 255, stdout: "running\n" });
    expect(ended.stderr).toMatch(/^Uncaught .*nobody awaits this\n/);
  });

  test(`one that prints 10 MB on ${target} loses nothing to a slow reader`, async ({ start }) => {
    const script = 'node "$0" run "$1" -t "$2" | { sleep 1; cat; }';
    const words = ["-c", script, entry, testUnikernel("floods"), target];
    const { stdout, stderr } = await start(words, { program: "sh" }).ended;
    expect(stderr).toBe("");
    const lines = stdout.split("\n");
    expect(lines).toHaveLength(200_001);
    expect(lines.at(-3)).toMatch(/^line 199999 x+$/);
    expect(lines.at(-2)).toBe("the very last line");
  });
}

test("frames says on Node that there is no network", async ({ morgana }) => {
  const { code, stderr } = await morgana(["run", example("frames")]);
  expect(code).toBe(255);
  expect(stderr).toMatch(/^Uncaught NetworkError: Cannot connect "frames" to a network: the node/);
});

for (const [way, links] of Object.entries({
  UDP: ["udp:127.0.0.1:47314,127.0.0.1:47315", "udp:127.0.0.1:47315,127.0.0.1:47314"],
  "a Unix socket": ["listen:./frames.sock", "stream:./frames.sock"],
})) {
  test(`frames greets between two processes on Node, over ${way}`, async ({ start }) => {
    const [alice, bob] = links.map((net, index) =>
      start(["run", example("frames"), "--net", net, `--name=${["Alice", "Bob"][index]}`]),
    );
    await alice?.shows("I am Bob (from ");
    await bob?.shows("I am Alice (from ");
  });
}

test("frames says what is wrong with its network on Node", async ({ morgana }) => {
  const { code, stderr } = await morgana(["run", example("frames"), "--net=udp:nowhere"]);
  expect(code).toBe(255);
  expect(stderr).toContain('Cannot use "udp:nowhere" as a network: udp takes two addresses');
});

test("frames calls out alone on a simulated wire, until it is given up", async ({ morgana }) => {
  const words = ["run", example("frames"), "-t", "simulated", "--until-ms=3000"];
  const { code, stdout, stderr } = await morgana(words);
  expect(code).toBe(255);
  expect(stdout).toMatch(/^I am somebody, at (?:[0-9a-f]{2}:){5}[0-9a-f]{2}\n$/);
  expect(stderr).toContain("Not done after 3000 ms of virtual time (seed 1, ");
});

test("a seed repeats a simulation, and another changes it", async ({ morgana }) => {
  const draw = async (seed: string): Promise<string> => {
    const words = ["run", example("disk-lottery"), "-t", "simulated", ...seed.split(" ")];
    return (await morgana(words)).stdout;
  };
  const [first, again, ...others] = await Promise.all(
    ["--seed=7", "--seed 7", "--seed=8", "--seed=9", "--seed=10"].map(draw),
  );
  expect(again).toBe(first);
  expect(others.some((other) => other !== first)).toBe(true);
});

for (const [what, words, problem] of [
  ["an unknown argument", ["--hlp"], "Unknown argument --hlp"],
  ["a stray word", ["three"], 'Unexpected argument "three"'],
  ["a missing value", ["--times"], "--times needs a value"],
  [
    "a value of the wrong type",
    ["--times=x"],
    '--times must be a whole number from 1 to 100, not "x"',
  ],
  [
    "a value out of range",
    ["--times=101"],
    '--times must be a whole number from 1 to 100, not "101"',
  ],
  ["no such choice", ["--manner=odd"], '--manner must be one of plain, loud, not "odd"'],
  [
    "log levels that are none",
    ["--logs=all"],
    '--logs must be log levels such as debug,tcp:info, not "all"',
  ],
  ["a seed on Node", ["--seed=1"], "Unknown argument --seed"],
  [
    "a seed that is none",
    ["-t", "simulated", "--seed=x"],
    '--seed must be a whole number, not "x"',
  ],
] as const) {
  test(`${what} exits with 64, says so, and shows the usage`, async ({ morgana }) => {
    const ended = await morgana(["run", example("hello-key"), ...words]);
    expect(ended).toMatchObject({ code: 64, stdout: "" });
    expect(ended.stderr).toMatch(/^.*\n\nhello-key: Greets .*\n\n {2}--hello=<text> /);
    expect(ended.stderr.split("\n")[0]).toBe(problem);
  });
}

test("a required argument that is missing exits with 64 and says what it is for", async ({
  morgana,
}) => {
  const { code, stderr } = await morgana(["run", testUnikernel("needs-value")]);
  expect(code).toBe(64);
  expect(stderr).toMatch(/^--peer is required: Whom to call\n/);
});

for (const [words, code] of [
  [["--help"], 63],
  [["--hlp"], 64],
] as const) {
  test(`${words[0]} of a simulation waits for no piped input`, async ({ morgana }) => {
    const command = ["run", example("hello-key"), "-t", "simulated", ...words];
    expect((await morgana(command, { typing: true })).code).toBe(code);
  });
}

test("what follows -- is the unikernel's, whatever it looks like", async ({ morgana }) => {
  const words = ["run", example("hello-key"), "-t", "simulated", "--", "--hello", "-t"];
  expect(await morgana(words)).toEqual({ code: 0, stdout: "-t\n", stderr: "" });
});

test("what is no exit code is an error", async ({ morgana }) => {
  const { code, stderr } = await morgana(["run", testUnikernel("bad-exit")]);
  expect(code).toBe(255);
  expect(stderr).toContain("Cannot exit with 256");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} halts a unikernel, which gives its disk back`, async ({ start, folder }) => {
    const running = start(["run", testUnikernel("keeps-disk")]);
    await running.shows("has the disk of 64 sectors\n");
    expect(readdirSync(folder)).toContain("shared.img.lock");
    running.kill(signal);
    expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(folder)).toEqual(["shared.img"]);
  });
}

test("a terminal's interrupt, which reaches both processes, halts it no less gently", async ({
  start,
  folder,
}) => {
  const running = start(["run", testUnikernel("keeps-disk")]);
  await running.shows("has the disk");
  running.killAll("SIGINT");
  running.killAll("SIGINT");
  expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(folder)).toEqual(["shared.img"]);
});

test("one that waits for what never comes runs on Node, and is an error in a simulation", async ({
  start,
  morgana,
}) => {
  const running = start(["run", testUnikernel("forever")]);
  await running.shows("waiting for ever\n");
  const simulated = await morgana(["run", testUnikernel("forever"), "-t", "simulated"]);
  expect(simulated).toMatchObject({ code: 255, stdout: "waiting for ever\n" });
  expect(simulated.stderr).toMatch(/^Uncaught SimulationError: /);
  expect(running.hasEnded).toBe(false);
});

test("one that ignores a signal is terminated with 137, and loses no output", async ({ start }) => {
  const running = start(["run", testUnikernel("forever")]);
  await running.shows("waiting for ever\n");
  running.kill("SIGTERM");
  expect(await running.ended).toEqual({ code: 137, stdout: "waiting for ever\n", stderr: "" });
});

for (const target of targets) {
  test(`one that blocks its thread on ${target} is killed with 137, and loses no output`, async ({
    start,
  }) => {
    const running = start(["run", testUnikernel("blocks"), "-t", target]);
    await running.shows("last line before the end of time\n");
    running.kill("SIGINT");
    const stdout = "first line\nlast line before the end of time\n";
    expect(await running.ended).toEqual({ code: 137, stdout, stderr: "" });
  });

  test(`one whose reader goes ends quietly with 141 on ${target}`, async ({ start }) => {
    const script = '{ node "$0" run "$1" -t "$2"; echo "code $?" >&2; } | head -1';
    const words = ["-c", script, entry, testUnikernel("floods"), target];
    const { stdout, stderr } = await start(words, { program: "sh" }).ended;
    expect(stdout).toMatch(/^line +1 x+\n$/);
    expect(stderr).toBe("code 141\n");
  });
}

test("frames that are none are refused on a simulated wire, and say why", async ({ morgana }) => {
  const ended = await morgana(["run", testUnikernel("bad-frames"), "-t", "simulated"]);
  const why = {
    13: "Cannot write a frame on wire/port-1: 13 bytes are less than a header",
    1515: "Cannot write a frame on wire/port-1: 1515 bytes are over 1514",
  };
  expect(ended).toEqual({
    code: 0,
    stdout: `13: ${why[13]}\n14: sent\n1514: sent\n1515: ${why[1515]}\n`,
    stderr: "",
  });
});

test("a missing argument and an unknown one exit with 64 in a simulation too", async ({
  morgana,
}) => {
  const simulate = async (...words: readonly string[]) =>
    morgana(["run", testUnikernel("needs-value"), "-t", "simulated", ...words]);
  const missing = await simulate();
  expect(missing).toMatchObject({ code: 64, stdout: "" });
  expect(missing.stderr).toMatch(/^--peer is required: Whom to call\n/);
  const unknown = await simulate("--peer=Bob", "--pear=Bob");
  expect(unknown).toMatchObject({ code: 64, stdout: "" });
  expect(unknown.stderr).toMatch(/^Unknown argument --pear\n\nneeds-value\n/);
});

/**
 * The unikernels of one project, inspected and bundled on demand and again when a file changed:
 * what the dev server serves and the build writes.
 */

import { sep } from "node:path";
import type { Bundle, BundleOptions } from "./bundle.ts";
import { bundle } from "./bundle.ts";
import type { Inspection } from "./inspect.ts";
import { inspect } from "./inspect.ts";
import type { GalleryEntry } from "./pages.ts";
import type { UnikernelFolder } from "./unikernels.ts";
import { findUnikernels } from "./unikernels.ts";

/** What is known of a unikernel until a file of it changes. */
interface Work {
  inspection?: Promise<Inspection>;
  bundle?: Promise<Bundle>;
  /** Whether one of them failed. */
  failed: boolean;
  /** Every file that was read for them. */
  readonly files: Set<string>;
}

/** Answers for the unikernels below one folder; remembers until a file of theirs changes. */
export class Workshop {
  readonly #dir: string;
  readonly #onFile: (file: string) => void;
  readonly #works = new Map<string, Work>();

  /** `onFile` is told each file that a unikernel is made of, absolute. */
  constructor(dir: string, onFile: (file: string) => void = () => {}) {
    this.#dir = dir;
    this.#onFile = onFile;
  }

  /**
   * The unikernels there now.
   *
   * @throws {Error} if the folder is gone, or two would have the same page
   */
  unikernels(): readonly UnikernelFolder[] {
    return findUnikernels(this.#dir);
  }

  /** The unikernel of a name, if there is one. */
  find(name: string): UnikernelFolder | undefined {
    return this.unikernels().find((each) => each.name === name);
  }

  /** A unikernel with what its configuration came to; a broken one is read again each time. */
  async entry(unikernel: UnikernelFolder): Promise<GalleryEntry> {
    const work = this.#workOn(unikernel);
    work.inspection ??= inspect(unikernel, (file) => this.#read(work, file));
    const inspection = await work.inspection;
    if (this.#isOld(unikernel, work)) return this.entry(unikernel);
    if (inspection.kind === "broken") {
      work.failed = true;
      delete work.inspection;
    }
    return { unikernel, inspection };
  }

  /** Every unikernel with what its configuration came to. */
  async entries(): Promise<readonly GalleryEntry[]> {
    return Promise.all(this.unikernels().map((each) => this.entry(each)));
  }

  /**
   * The bundle of a unikernel for the browser.
   *
   * @throws the bundler's error; the next call tries again
   */
  async bundle(
    unikernel: UnikernelFolder,
    options: Pick<BundleOptions, "minify">,
  ): Promise<Bundle> {
    const work = this.#workOn(unikernel);
    const onFile = (file: string): void => this.#read(work, file);
    work.bundle ??= bundle(unikernel, { ...options, target: "browser", onFile });
    try {
      const made = await work.bundle;
      return this.#isOld(unikernel, work) ? await this.bundle(unikernel, options) : made;
    } catch (error) {
      if (this.#isOld(unikernel, work)) return this.bundle(unikernel, options);
      work.failed = true;
      delete work.bundle;
      throw error;
    }
  }

  /** The names of the unikernels that `file` (absolute) is part of, as far as is known now. */
  usersOf(file: string): readonly string[] {
    return this.#present()
      .filter(({ name, folder }) => isWithin(file, folder) || this.#uses(name, file))
      .map(({ name }) => name);
  }

  /**
   * Forgets what `file` (absolute) is part of, and what failed, which any file may have mended.
   * Gives the names of those unikernels, and of those that are no longer there.
   */
  changed(file: string): readonly string[] {
    const present = new Set(this.#present().map(({ name }) => name));
    const known = [...this.#works].filter(([name, { failed }]) => failed || !present.has(name));
    const stale = new Set([...this.usersOf(file), ...known.map(([name]) => name)]);
    for (const name of stale) this.#works.delete(name);
    return [...stale];
  }

  /** The unikernels there now; none while there is something wrong with all. */
  #present(): readonly UnikernelFolder[] {
    try {
      return this.unikernels();
    } catch {
      return [];
    }
  }

  #workOn({ name }: UnikernelFolder): Work {
    const work = this.#works.get(name) ?? { failed: false, files: new Set() };
    this.#works.set(name, work);
    return work;
  }

  /** Whether a file was read, or a folder that it is in now. */
  #uses(name: string, file: string): boolean {
    const known = [...(this.#works.get(name)?.files ?? [])];
    return known.some((each) => each === file || isWithin(file, each));
  }

  /** Whether a file changed while it was worked on. */
  #isOld({ name }: UnikernelFolder, work: Work): boolean {
    return this.#works.get(name) !== work;
  }

  #read(work: Work, file: string): void {
    work.files.add(file);
    this.#onFile(file);
  }
}

/** Tells whether a path lies below a folder. */
export function isWithin(file: string, folder: string): boolean {
  return file.startsWith(`${folder}${sep}`);
}

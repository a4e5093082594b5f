/**
 * The unikernels of one project, inspected and bundled on demand and again when a file changed: what
 * the dev server serves and the build writes.
 */

import type { Bundle, BundleOptions } from "./bundle.ts";
import { bundle } from "./bundle.ts";
import type { Inspection } from "./inspect.ts";
import { inspect } from "./inspect.ts";
import type { GalleryEntry } from "./pages.ts";
import type { UnikernelFolder } from "./unikernels.ts";
import { findUnikernels } from "./unikernels.ts";

/** Answers for the unikernels below one folder; remembers until a file of theirs changes. */
export class Workshop {
  readonly #dir: string;
  readonly #inspections = new Map<string, Promise<Inspection>>();
  readonly #bundles = new Map<string, Promise<Bundle>>();
  /** The files that a bundle was made of, by unikernel. */
  readonly #files = new Map<string, ReadonlySet<string>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The unikernels there now. */
  unikernels(): readonly UnikernelFolder[] {
    return findUnikernels(this.#dir);
  }

  /** The unikernel of a name, if there is one. */
  find(name: string): UnikernelFolder | undefined {
    return this.unikernels().find((each) => each.name === name);
  }

  /** A unikernel with what its configuration came to. */
  async entry(unikernel: UnikernelFolder): Promise<GalleryEntry> {
    const known = this.#inspections.get(unikernel.name) ?? inspect(unikernel);
    this.#inspections.set(unikernel.name, known);
    return { unikernel, inspection: await known };
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
    options: Omit<BundleOptions, "target">,
  ): Promise<Bundle> {
    const known =
      this.#bundles.get(unikernel.name) ?? bundle(unikernel, { ...options, target: "browser" });
    this.#bundles.set(unikernel.name, known);
    try {
      const made = await known;
      this.#files.set(unikernel.name, new Set(made.files));
      return made;
    } catch (error) {
      this.#bundles.delete(unikernel.name);
      throw error;
    }
  }

  /** Forgets what `file` (absolute) is part of, and gives the names of those unikernels. */
  changed(file: string): readonly string[] {
    const stale = this.unikernels().filter(
      ({ name, folder }) => file.startsWith(`${folder}/`) || this.#files.get(name)?.has(file),
    );
    for (const { name } of stale) {
      this.#inspections.delete(name);
      this.#bundles.delete(name);
    }
    return stale.map((each) => each.name);
  }
}

/** `<morgana-disks>`: the disks that unikernels keep in this browser, and a way to delete them. */

import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from "lit";
import { html, LitElement } from "lit";
import type { DiskSummary } from "../boot/page.ts";
import { loadDisks } from "../boot/page.ts";
import { disksStyle } from "./disks-style.ts";

/** How often the list is read again while the page is visible, in milliseconds. */
const refreshIntervalMs = 2_000;

/** When it is read first: booting a unikernel beside it comes before. */
const firstRefreshMs = 300;

/**
 * Lists the disks of this origin: their size, what they hold, whether a unikernel has them open.
 */
export class MorganaDisks extends LitElement {
  static override properties: PropertyDeclarations = {
    disks: { state: true },
    problem: { state: true },
  };
  static override styles: CSSResultGroup = disksStyle;

  declare disks: readonly DiskSummary[];
  declare problem: string;

  #timer: ReturnType<typeof setInterval> | undefined;
  #first: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.disks = [];
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => void this.refresh(), refreshIntervalMs);
    this.#first = setTimeout(() => void this.refresh(), firstRefreshMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    clearTimeout(this.#first);
  }

  /** Reads the list again. */
  async refresh(): Promise<void> {
    if (document.visibilityState === "hidden") return;
    try {
      const { listDisks } = await loadDisks();
      this.disks = await listDisks();
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  async #delete(name: string): Promise<void> {
    if (!confirm(`Delete the disk "${name}" and everything on it?`)) return;
    try {
      this.problem = "";
      const { deleteDisk } = await loadDisks();
      await deleteDisk(name);
    } catch (error) {
      this.problem = (error as Error).message;
    }
    await this.refresh();
  }

  protected override render(): TemplateResult {
    const rows = this.disks.map(
      (disk) =>
        html`<li>
          <span class="name">${disk.name}</span>
          <span class="facts">${factsOf(disk)}</span>
          <button
            type="button"
            ?disabled=${disk.open}
            aria-label="Delete disk ${disk.name}"
            @click=${() => this.#delete(disk.name)}
          >
            Delete
          </button>
        </li>`,
    );
    return html`<section aria-label="Disks">
      <h2>Disks in this browser</h2>
      ${
        rows.length === 0
          ? html`<p>None yet.</p>`
          : html`<ul>
              ${rows}
            </ul>`
      }
      <p role="alert">${this.problem}</p>
    </section>`;
  }
}

function factsOf(disk: DiskSummary): string {
  const used = `${disk.sectorsInUse.toLocaleString("en")} of ${disk.sectorCount.toLocaleString("en")}`;
  const state = disk.damaged ? "damaged" : `${used} sectors of ${disk.sectorBytes} bytes used`;
  return disk.open ? `${state}, open` : state;
}

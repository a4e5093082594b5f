/** `<morgana-unikernel>`: a unikernel in a page, with its console, devices and arguments. */

import type { CSSResultGroup, PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import { html, LitElement, nothing } from "lit";
import type { CounterTable, Description, MachineStatus, Screen } from "../boot/page.ts";
import { Machine, mapStack, openScreen, pageServices } from "../boot/page.ts";
import { argumentsForm } from "./arguments-form.ts";
import { deviceList } from "./device-list.ts";
import { unikernelStyle } from "./unikernel-style.ts";
import { queryOf, splitWords, wordsOfQuery } from "./words.ts";

/** How often the counters on the page are read, in milliseconds. */
const counterIntervalMs = 500;

/**
 * Boots the unikernel at `src` in a worker when it is connected to a page, and again after
 * {@link MorganaUnikernel.restart}; removing it from the page halts the unikernel.
 *
 * Attributes: `src`, the unikernel's folder; `args`, its command line; `url-args`, which adds the
 * page's own query to it; `network`, the name of the switch of this page that it is on.
 *
 * @fires morgana-status - after each change of {@link MorganaUnikernel.status}
 */
export class MorganaUnikernel extends LitElement {
  static override properties: PropertyDeclarations = {
    src: { type: String },
    args: { type: String },
    urlArgs: { type: Boolean, attribute: "url-args" },
    network: { type: String },
  };
  static override styles: CSSResultGroup = unikernelStyle;

  declare src: string;
  declare args: string;
  declare urlArgs: boolean;
  declare network: string;

  #machine: Machine | undefined;
  #screen: Screen | undefined;
  #description: Description | undefined;
  #counters: CounterTable = {};
  #counterTimer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.src = "";
    this.args = "";
    this.urlArgs = false;
    this.network = "default";
  }

  /** Where the unikernel is in its life. */
  get status(): MachineStatus {
    return this.#machine?.status ?? "booting";
  }

  /** The exit code, 0–255, or `null` while it runs. */
  get exitCode(): number | null {
    return this.#machine?.exitCode ?? null;
  }

  /** Resolves when `start` is called; rejects if the unikernel ends before that. */
  get booted(): Promise<void> {
    return this.updateComplete.then(() => this.#machine?.booted);
  }

  /** Resolves to the exit code once it has ended. */
  get exited(): Promise<number> {
    return this.updateComplete.then(() => this.#machine?.exited ?? new Promise<never>(() => {}));
  }

  /** The output so far, without escape sequences: the last 10,000 lines. */
  consoleText(): string {
    return this.#screen?.text() ?? "";
  }

  /** Types `text` on the console, as a person would: Enter is `\r` or `\n`. */
  type(text: string): void {
    this.#screen?.type(text);
  }

  /** Halts the unikernel; resolves to its exit code. One that does not stop is terminated. */
  async halt(): Promise<number | null> {
    return this.#machine?.halt() ?? null;
  }

  /** Halts the unikernel if it runs, clears the console and boots it again. */
  async restart(): Promise<void> {
    await this.halt();
    this.#screen?.clear();
    this.#boot();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#boot();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#counterTimer);
    void this.halt();
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    const container = this.renderRoot.querySelector<HTMLElement>(".screen");
    if (container !== null) this.#screen = openScreen({ container });
    this.#boot();
  }

  #boot(): void {
    const screen = this.#screen;
    if (screen === undefined) return;
    const folder = new URL(this.src.endsWith("/") ? this.src : `${this.src}/`, document.baseURI);
    const name = folder.pathname.split("/").at(-2) ?? "";
    const machine = new Machine({
      url: new URL("unikernel.js", folder),
      name,
      argv: this.#commandLine(),
      services: pageServices(screen, this.network),
      onStatus: (changed) => {
        // A machine that was replaced has nothing more to say.
        if (this.#machine === undefined || this.#machine === changed) void this.#onStatus(changed);
      },
    });
    this.#machine = machine;
    this.#counters = {};
    void this.#onStatus(machine);
  }

  #commandLine(): readonly string[] {
    const own = splitWords(this.args);
    return this.urlArgs ? [...own, ...wordsOfQuery(location.search)] : own;
  }

  async #onStatus(machine: Machine): Promise<void> {
    this.#description = machine.description ?? this.#description;
    if (machine.status === "running") this.#watchCounters(machine);
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("morgana-status", { bubbles: true, composed: true }));
    if (machine.usage !== undefined) this.#screen?.print(machine.usage);
    if (machine.error !== undefined) {
      const { stack = "", message } = machine.error;
      // What went wrong on the page, before the unikernel, has no lines of the user's to show.
      this.#screen?.report(stack === "" ? message : `Uncaught ${await mapStack(stack)}`);
    }
  }

  #watchCounters(machine: Machine): void {
    clearInterval(this.#counterTimer);
    const read = async (): Promise<void> => {
      if (document.visibilityState === "hidden") return;
      this.#counters = await machine.counters();
      this.requestUpdate();
    };
    this.#counterTimer = setInterval(() => void read(), counterIntervalMs);
    void read();
    void machine.exited.then(() => clearInterval(this.#counterTimer));
  }

  protected override render(): TemplateResult {
    const ended = this.exitCode !== null;
    return html`
      <div class="bar">
        <span class="status ${this.status}" role="status">${this.#statusText()}</span>
        <button type="button" ?disabled=${ended} @click=${() => this.halt()}>Halt</button>
        <button type="button" @click=${() => this.restart()}>Restart</button>
      </div>
      <div class="screen"></div>
      <p class="hint">Escape, then Tab, leaves the console</p>
      ${this.#description === undefined ? nothing : this.#panels(this.#description)}
    `;
  }

  #panels(description: Description): TemplateResult {
    return html`<div class="panels">
      ${deviceList(description, this.#counters)}
      ${argumentsForm(description, this.#commandLine(), (values) => this.#applyArguments(values))}
    </div>`;
  }

  #statusText(): string {
    const code = this.exitCode;
    return code === null ? this.status : `${this.status} with code ${code}`;
  }

  /** A page of the unikernel's own keeps its arguments in its URL, so that it can be shared. */
  #applyArguments(values: ReadonlyMap<string, string>): void {
    if (this.urlArgs) {
      history.replaceState(null, "", `${location.pathname}${queryOf(values)}`);
    } else {
      this.args = [...values].map(([flag, value]) => `${flag}="${value}"`).join(" ");
    }
    void this.restart();
  }
}

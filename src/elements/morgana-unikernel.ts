/** `<morgana-unikernel>`: a unikernel in a page, with its console, devices and arguments. */

import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from "lit";
import { html, LitElement, nothing } from "lit";
import type { CounterTable, Description, MachineStatus, Screen } from "../boot/page.ts";
import { Machine, mapStack, openScreen, pageServices } from "../boot/page.ts";
import { isScreenReaderMode, keepScreenReaderMode } from "./screen-reader-mode.ts";
import { unikernelStyle } from "./unikernel-style.ts";
import { joinWords, queryOf, splitWords, wordsOfQuery } from "./words.ts";

/** How often the counters on the page are read, in milliseconds. */
const counterIntervalMs = 500;

/** How many elements there have been. */
let count = 0;

/** Apple's keyboards find with Command, and leave Ctrl-F to programs. */
const findsWithCommand = /^(?:Mac|iP)/.test(navigator.platform);

/**
 * Boots the unikernel at `src` in a worker when it is connected to a page, and again after
 * {@link MorganaUnikernel.restart} or a change of an attribute; removing it from the page halts the
 * unikernel.
 *
 * Attributes: `src`, the unikernel's folder; `args`, its command line; `url-args`, which adds the
 * page's own query to it; `network`, the name of the switch of this page that it is on, unless
 * its interfaces have names of their own.
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

  readonly #number = ++count;
  #machine: Machine | undefined;
  #screen: Screen | undefined;
  /** Whether the screen is on the page; the last one keeps its text after that. */
  #isScreenOpen = false;
  #description: Description | undefined;
  #counters: CounterTable = {};
  #counterTimer: ReturnType<typeof setInterval> | undefined;
  /** Whose {@link MorganaUnikernel.#description} it is. */
  #described = "";
  /** What the machine was booted with; other attributes boot another. */
  #bootedWith = "";
  #restarting: Promise<void> | undefined;
  #panels: typeof import("./panels.ts") | undefined;
  #search: typeof import("./console-search.ts") | undefined;
  #isSearching = false;
  #screenReaderMode = isScreenReaderMode();

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
    return this.#current().then((machine) => machine.booted);
  }

  /** Resolves to the exit code once it has ended. */
  get exited(): Promise<number> {
    return this.#current().then((machine) => machine.exited);
  }

  /** The output so far, without escape sequences: the last 10,000 lines. */
  consoleText(): string {
    return this.#screen?.text() ?? "";
  }

  /** Types `text` on the console, as a person would: Enter is `\r` or `\n`. */
  type(text: string): void {
    if (this.#screen !== undefined) this.#screen.type(text);
    else void this.updateComplete.then(() => this.#screen?.type(text));
  }

  /** Halts the unikernel; resolves to its exit code. One that does not stop is terminated. */
  async halt(): Promise<number | null> {
    if (this.isConnected) await this.updateComplete;
    await this.#restarting;
    return this.#machine?.halt() ?? null;
  }

  /**
   * Halts the unikernel if it runs, clears the console and boots it again; once, if asked twice.
   */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.restart();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#counterTimer);
    void this.#leave();
  }

  protected override firstUpdated(): void {
    // It may have left the page at once; it boots when it returns.
    if (!this.isConnected) return;
    this.#openScreen();
    this.#boot();
  }

  protected override updated(): void {
    if (this.#machine !== undefined && this.#wish() !== this.#bootedWith) void this.restart();
  }

  async #restart(): Promise<void> {
    // Who asks before it has booted gets that boot.
    if (this.isConnected && !this.hasUpdated) return void (await this.updateComplete);
    await this.#machine?.halt();
    // It may have left the page meanwhile.
    if (!this.isConnected) return;
    this.#openScreen();
    this.#screen?.clear();
    this.#boot();
  }

  async #leave(): Promise<void> {
    await this.#machine?.halt();
    if (this.isConnected || !this.#isScreenOpen) return;
    this.#screen?.dispose();
    this.#isScreenOpen = false;
  }

  /** The machine of the attributes as they are now. */
  async #current(): Promise<Machine> {
    await this.updateComplete;
    await this.#restarting;
    return this.#machine ?? new Promise<never>(() => {});
  }

  #openScreen(): void {
    const container = this.renderRoot.querySelector<HTMLElement>(".screen");
    if (container === null || this.#isScreenOpen) return;
    this.#screen = openScreen({ container });
    this.#screen.setScreenReaderMode(this.#screenReaderMode);
    this.#isScreenOpen = true;
  }

  #boot(): void {
    const screen = this.#screen;
    if (screen === undefined) return;
    const folder = new URL(this.src.endsWith("/") ? this.src : `${this.src}/`, document.baseURI);
    const name = folder.pathname.split("/").at(-2) ?? "";
    if (this.#described !== folder.href) this.#description = undefined;
    this.#described = folder.href;
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
    this.#bootedWith = this.#wish();
    this.#counters = {};
    void this.#onStatus(machine);
  }

  #wish(): string {
    return JSON.stringify([this.src, this.args, this.urlArgs, this.network]);
  }

  #commandLine(): readonly string[] {
    const own = splitWords(this.args);
    return this.urlArgs ? [...own, ...wordsOfQuery(location.search)] : own;
  }

  async #onStatus(machine: Machine): Promise<void> {
    if (machine.description !== undefined) void this.#describe(machine.description);
    this.#counters = machine.finalCounters ?? this.#counters;
    if (machine.status === "running") this.#watchCounters(machine);
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("morgana-status", { bubbles: true, composed: true }));
    if (machine.usage !== undefined) this.#screen?.print(machine.usage);
    if (machine.error !== undefined) {
      const { stack = "", message } = machine.error;
      // What went wrong on the page, before the unikernel, has no lines of the user's to show.
      const text = stack === "" ? message : `Uncaught ${await mapStack(stack)}`;
      if (this.#machine === machine) this.#screen?.report(text);
    }
  }

  async #describe(description: Description): Promise<void> {
    this.#description = description;
    try {
      this.#panels ??= await import("./panels.ts");
      this.requestUpdate();
    } catch {
      // It runs without them; the next change of status tries again.
    }
  }

  #watchCounters(machine: Machine): void {
    let isReading = false;
    const read = async (): Promise<void> => {
      // One that blocks its thread does not answer, and is not asked again and again.
      if (document.visibilityState === "hidden" || isReading) return;
      isReading = true;
      const counters = await machine.counters();
      isReading = false;
      if (machine.status !== "running") return;
      this.#counters = counters;
      this.requestUpdate();
    };
    clearInterval(this.#counterTimer);
    const timer = setInterval(() => void read(), counterIntervalMs);
    this.#counterTimer = timer;
    void read();
    void machine.exited.then(() => clearInterval(timer));
  }

  async #openSearch(): Promise<void> {
    try {
      this.#search ??= await import("./console-search.ts");
    } catch (error) {
      return this.#screen?.report(`Cannot find text in the console: ${(error as Error).message}`);
    }
    this.#isSearching = true;
    this.requestUpdate();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLInputElement>(".search input")?.select();
  }

  #closeSearch(): void {
    this.#isSearching = false;
    this.requestUpdate();
    this.#screen?.focus();
  }

  /** Before xterm.js hears of the key. */
  readonly #findsOnKey = {
    capture: true,
    handleEvent: (event: KeyboardEvent): void => {
      const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
      const modified = findsWithCommand ? metaKey && !ctrlKey : ctrlKey && !metaKey;
      if (key.toLowerCase() !== "f" || !modified || shiftKey || altKey) return;
      event.preventDefault();
      event.stopPropagation();
      void this.#openSearch();
    },
  };

  #chooseScreenReaderMode({ currentTarget }: Event): void {
    this.#screenReaderMode = (currentTarget as HTMLInputElement).checked;
    keepScreenReaderMode(this.#screenReaderMode);
    this.#screen?.setScreenReaderMode(this.#screenReaderMode);
  }

  protected override render(): TemplateResult {
    const ended = this.exitCode !== null;
    // A button that is disabled while it has the focus would drop it.
    return html`
      <div class="bar">
        <span class="status ${this.status}" role="status">${this.#statusText()}</span>
        <button type="button" @click=${() => this.#openSearch()}>Find</button>
        <button type="button" aria-disabled=${ended} @click=${() => this.halt()}>Halt</button>
        <button type="button" @click=${() => this.restart()}>Restart</button>
      </div>
      ${this.#searchBar()}
      <div class="screen" @keydown=${this.#findsOnKey}></div>
      <div class="foot">
        <label class="mode">
          <input
            type="checkbox"
            ?checked=${this.#screenReaderMode}
            @change=${(event: Event) => this.#chooseScreenReaderMode(event)}
          />
          Screen-reader mode
        </label>
        <p class="hint">Escape, then Tab, leaves the console</p>
      </div>
      ${this.#belowConsole()}
    `;
  }

  #searchBar(): TemplateResult | typeof nothing {
    if (!this.#isSearching || this.#search === undefined) return nothing;
    return this.#search.consoleSearch({
      owner: this.#owner(),
      find: (text, from) => this.#screen?.find(text, from),
      close: () => this.#closeSearch(),
    });
  }

  #belowConsole(): TemplateResult | typeof nothing {
    if (this.#description === undefined || this.#panels === undefined) return nothing;
    return this.#panels.panels({
      owner: this.#owner(),
      description: this.#description,
      counters: this.#counters,
      commandLine: this.#commandLine(),
      apply: (values) => this.#applyArguments(values),
    });
  }

  /** What tells this element's landmarks from another's. */
  #owner(): string {
    const { name } = this.#description ?? { name: "the unikernel" };
    return this.#number === 1 ? name : `${name} (${this.#number})`;
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
      this.args = joinWords([...values].map(([flag, value]) => `${flag}=${value}`));
    }
    void this.restart();
  }
}

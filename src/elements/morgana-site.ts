/** `<morgana-site>`: the site that a unikernel serves, shown in a frame of the page. */

import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from "lit";
import { html, LitElement, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { PageGateway } from "../gateway/page.ts";
import { siteStyle } from "./site-style.ts";

/** What a site without scripts may do in its frame. */
const sandbox = "allow-same-origin allow-forms allow-popups allow-downloads";

/**
 * Shows what a unikernel on a network of this page serves over HTTP, and serves it below `~/` of the
 * page's folder, to this page and to every other tab: the browser's own requests go through a service
 * worker and over the page's switch.
 *
 * Attributes: `network`, the name of the switch; `host` and `port`, the server, by default port 80 of
 * whoever is on the network; `ipv4`, an address for this side, such as `10.0.0.254/24`, where `host`
 * is an address of IPv4; `allow-scripts`, which lets the site's scripts run, as a checkbox does:
 * **they are of the page's origin, so allow those that could as well be the page's own.**
 */
export class MorganaSite extends LitElement {
  static override properties: PropertyDeclarations = {
    network: { type: String },
    host: { type: String },
    port: { type: Number },
    ipv4: { type: String },
    allowScripts: { type: Boolean, attribute: "allow-scripts" },
    problem: { state: true },
    address: { state: true },
    frontPage: { state: true },
    isServing: { state: true },
  };
  static override styles: CSSResultGroup = siteStyle;

  declare network: string;
  declare host: string;
  declare port: number;
  declare ipv4: string;
  declare allowScripts: boolean;
  declare problem: string;
  declare address: string;
  declare frontPage: string | undefined;
  declare isServing: boolean;

  #gateway: PageGateway | undefined;
  readonly #ready = Promise.withResolvers<void>();

  constructor() {
    super();
    this.network = "default";
    this.host = "";
    this.port = 80;
    this.ipv4 = "";
    this.allowScripts = false;
    this.problem = "";
    this.address = "/";
    this.frontPage = undefined;
    this.isServing = false;
    this.ready.catch(() => {});
  }

  /** Resolves when the site is served below `~/`; rejects if the browser cannot. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#gateway?.stop();
    this.#gateway = undefined;
    this.isServing = false;
  }

  async #start(): Promise<void> {
    const { network, host, port, ipv4, allowScripts } = this;
    const gateway = new PageGateway(network, { host, port, ipv4, allowsScripts: allowScripts });
    this.#gateway = gateway;
    try {
      await gateway.serve();
      if (this.#gateway !== gateway) return;
      this.isServing = true;
      this.#ready.resolve();
    } catch (error) {
      this.problem = (error as Error).message;
      this.#ready.reject(error);
      this.frontPage = await gateway.frontPage();
    }
  }

  protected override render(): TemplateResult {
    return html`<section aria-label="Site">
      ${this.problem === "" ? this.#bar() : this.#refusal()} ${this.#frame()}
    </section>`;
  }

  #bar(): TemplateResult {
    const root = this.#gateway?.root ?? "";
    return html`<div class="bar">
      <button type="button" ?disabled=${!this.isServing} @click=${() => this.#go(root)}>
        Front page
      </button>
      <button type="button" ?disabled=${!this.isServing} @click=${() => this.#reload()}>
        Reload site
      </button>
      <output aria-label="Address in the site">
        ${this.isServing ? this.address : "The site is being connected …"}
      </output>
      <label>
        <input
          type="checkbox"
          .checked=${this.allowScripts}
          ?disabled=${!this.isServing}
          @change=${(event: Event) => this.#allowScripts(event)}
        />
        Run its scripts
      </label>
      <a href=${root + this.address.slice(1)} target="_blank">Open in a tab</a>
    </div>`;
  }

  /** What to say, and what is left, where the browser's requests cannot be carried. */
  #refusal(): TemplateResult {
    return html`<p role="alert">
      ${this.problem}. So the browser cannot be a client of the unikernel: here is the site's front
      page alone, without pictures, styles and links. The unikernel itself runs all the same.
    </p>`;
  }

  #frame(): unknown {
    if (this.frontPage !== undefined) {
      return html`<iframe
        title="Front page of the site"
        sandbox
        srcdoc=${this.frontPage}
      ></iframe>`;
    }
    if (!this.isServing) return nothing;
    // What a frame may do is settled when it is made.
    return keyed(
      this.allowScripts,
      html`<iframe
        title="Site of the unikernel"
        src=${this.#gateway?.root ?? ""}
        sandbox=${this.allowScripts ? nothing : sandbox}
        @load=${() => this.#loaded()}
      ></iframe>`,
    );
  }

  get #window(): Window | null {
    return this.renderRoot.querySelector("iframe")?.contentWindow ?? null;
  }

  #go(url: string): void {
    this.#window?.location.replace(url);
  }

  #reload(): void {
    this.#window?.location.reload();
  }

  #allowScripts({ target }: Event): void {
    if (!(target instanceof HTMLInputElement)) return;
    this.#gateway?.allowScripts(target.checked);
    this.allowScripts = target.checked;
  }

  #loaded(): void {
    const root = this.#gateway?.root ?? "";
    try {
      const { href } = this.#window?.location ?? { href: root };
      this.address = href.startsWith(root) ? href.slice(root.length - 1) : href;
    } catch {
      this.address = "another site, where a link led";
    }
  }
}

if (customElements.get("morgana-site") === undefined) {
  customElements.define("morgana-site", MorganaSite);
}

declare global {
  interface HTMLElementTagNameMap {
    "morgana-site": MorganaSite;
  }
}

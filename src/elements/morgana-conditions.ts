/** `<morgana-conditions network="…">`: sliders for what befalls frames on a network of the page. */

import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from "lit";
import { css, html, LitElement } from "lit";
import { changeConditions, type LinkConditions } from "../boot/page.ts";

/** A slider: what it sets, and how its value is shown. */
interface Slider {
  readonly name: keyof LinkConditions;
  /** The attribute with the value to begin with. */
  readonly attribute: string;
  readonly label: string;
  readonly max: number;
  readonly step: number;
  readonly unit: string;
  /** What the link gets for a value of the slider. */
  readonly toLink: (value: number) => number;
}

const percent = (value: number): number => value / 100;

/** At its right end a slider for the rate limits nothing. */
const maxMegabits = 200;

const sliders: readonly Slider[] = [
  {
    name: "loss",
    attribute: "loss",
    label: "Loss",
    max: 20,
    step: 0.5,
    unit: "%",
    toLink: percent,
  },
  {
    name: "delayMs",
    attribute: "delay",
    label: "Delay, one way",
    max: 200,
    step: 1,
    unit: "ms",
    toLink: (ms) => ms,
  },
  {
    name: "jitterMs",
    attribute: "jitter",
    label: "Jitter",
    max: 100,
    step: 1,
    unit: "ms",
    toLink: (ms) => ms,
  },
  {
    name: "reordering",
    attribute: "reordering",
    label: "Reordering",
    max: 30,
    step: 1,
    unit: "%",
    toLink: percent,
  },
  {
    name: "duplication",
    attribute: "duplication",
    label: "Duplication",
    max: 20,
    step: 1,
    unit: "%",
    toLink: percent,
  },
  {
    name: "bitsPerSecond",
    attribute: "rate",
    label: "Rate",
    max: maxMegabits,
    step: 1,
    unit: "Mbit/s",
    toLink: (megabits) => (megabits >= maxMegabits ? Infinity : Math.max(0.1, megabits) * 1e6),
  },
];

/** Sliders that change the conditions of the links of `network` while they are moved. */
export class MorganaConditions extends LitElement {
  static override properties: PropertyDeclarations = {
    network: {},
    values: { state: true },
  };
  static override styles: CSSResultGroup = css`
    form {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr));
      gap: 0.75rem 1.5rem;
    }
    label {
      display: grid;
      gap: 0.25rem;
    }
    .line {
      display: flex;
      justify-content: space-between;
    }
    .value {
      font-variant-numeric: tabular-nums;
    }
    input {
      inline-size: 100%;
      accent-color: currentcolor;
    }
  `;

  declare network: string;
  declare values: ReadonlyMap<string, number>;

  constructor() {
    super();
    this.network = "";
    this.values = new Map([["bitsPerSecond", maxMegabits]]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // The links are conditioned from the start, so that moving a slider takes nobody off the switch.
    for (const [name, value] of this.#initialValues()) this.#set(name, value);
  }

  override render(): TemplateResult {
    return html`<form aria-label="Conditions of the link">
      ${sliders.map((slider) => this.#row(slider))}
    </form>`;
  }

  #row({ name, label, max, step, unit }: Slider): TemplateResult {
    const value = this.values.get(name) ?? 0;
    const isUnlimited = name === "bitsPerSecond" && value >= max;
    const shown = isUnlimited ? "as fast as can be" : `${value} ${unit}`;
    return html`<label>
      <span class="line"><span>${label}</span> <span class="value">${shown}</span></span>
      <input
        type="range"
        name=${name}
        min="0"
        max=${max}
        step=${step}
        .value=${String(value)}
        aria-label=${label}
        aria-valuetext=${shown}
        @input=${(event: Event) => this.#moved(name, event)}
      />
    </label>`;
  }

  #moved(name: string, event: Event): void {
    if (event.target instanceof HTMLInputElement) this.#set(name, event.target.valueAsNumber);
  }

  /** What the attributes say, such as `loss="2"`; the rate has a value in any case. */
  #initialValues(): readonly (readonly [string, number])[] {
    return sliders.flatMap(({ attribute, name }) => {
      const text = this.getAttribute(attribute);
      const value = text === null ? this.values.get(name) : Number(text);
      return value === undefined || Number.isNaN(value) ? [] : [[name, value] as const];
    });
  }

  #set(name: string, value: number): void {
    const slider = sliders.find((each) => each.name === name);
    if (slider === undefined) return;
    this.values = new Map(this.values).set(name, value);
    void changeConditions(this.network, { [slider.name]: slider.toLink(value) });
  }
}

if (customElements.get("morgana-conditions") === undefined) {
  customElements.define("morgana-conditions", MorganaConditions);
}

declare global {
  interface HTMLElementTagNameMap {
    "morgana-conditions": MorganaConditions;
  }
}

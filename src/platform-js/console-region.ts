/** A live region (`role=log`) that reads a console's finished lines to a screen reader. */

/** The most lines in it; what scrolled away is in the console's log. */
const maxNodes = 100;

/** Lines of the console, handed to assistive technology at most once a frame. */
export class ConsoleRegion {
  readonly element: HTMLElement;
  #pending: string[] = [];
  #flushing = false;

  constructor() {
    this.element = document.createElement("div");
    this.element.role = "log";
    this.element.ariaLabel = "Console output";
    // Seen by assistive technology only: the terminal shows the same.
    this.element.style.cssText =
      "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:pre";
  }

  /** Adds finished lines. */
  add(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#pending = [...this.#pending, ...lines].slice(-maxNodes);
    if (this.#flushing) return;
    this.#flushing = true;
    requestAnimationFrame(() => this.#flush());
  }

  /** Shows it to everybody, where no terminal does. */
  showIn(container: HTMLElement): void {
    this.element.style.cssText =
      "box-sizing:border-box;height:100%;overflow:auto;padding:0.4rem 0.6rem;white-space:pre-wrap;font-family:monospace";
    this.element.tabIndex = 0;
    container.append(this.element);
  }

  /** Empties it. */
  clear(): void {
    this.#pending = [];
    this.element.replaceChildren();
  }

  #flush(): void {
    this.#flushing = false;
    for (const line of this.#pending) {
      const node = document.createElement("div");
      node.textContent = line;
      this.element.append(node);
    }
    this.#pending = [];
    while (this.element.childElementCount > maxNodes) this.element.firstChild?.remove();
  }
}

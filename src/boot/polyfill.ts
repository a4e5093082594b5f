/** Safari lacks `Symbol.asyncDispose`; the first import of every entry point. */

// oxlint-disable-next-line typescript/no-unnecessary-condition -- the type says more than Safari has
(Symbol as { asyncDispose: symbol }).asyncDispose ??= Symbol.for("Symbol.asyncDispose");

/** `Promise.withResolvers`, which every browser has and Node 20 has not, for tests of a page's code. */

if (!("withResolvers" in Promise)) Object.assign(Promise, { withResolvers });

function withResolvers<T>(): PromiseWithResolvers<T> {
  const parts: Partial<PromiseWithResolvers<T>> = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return { ...parts, promise } as PromiseWithResolvers<T>;
}

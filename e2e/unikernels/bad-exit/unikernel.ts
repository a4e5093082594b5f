export function start(): number {
  return 256;
}

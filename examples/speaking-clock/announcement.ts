/** The time of day in words, as a telephone says it. */

const small = [
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
  "sixteen seventeen eighteen nineteen",
]
  .join(" ")
  .split(" ");
const tens = ["twenty", "thirty", "forty", "fifty"];

/** `At the stroke it will be …` for a time in milliseconds, of which only the time of day counts. */
export function announcement(timeMs: number): string {
  const seconds = Math.floor(timeMs / 1000);
  const hour = Math.floor(seconds / 3_600) % 12 || 12;
  const minute = Math.floor(seconds / 60) % 60;
  const second = seconds % 60;
  const minutes = minute === 0 ? "" : ` ${minute < 10 ? "oh " : ""}${inWords(minute)}`;
  const end =
    second === 0 ? "precisely" : `and ${inWords(second)} second${second === 1 ? "" : "s"}`;
  const clock = minute === 0 ? " o'clock" : "";
  return `At the stroke it will be ${inWords(hour)}${minutes}${clock} ${end}.`;
}

/** A number below sixty. */
function inWords(value: number): string {
  if (value < 20) return small[value] ?? "";
  const unit = value % 10;
  const ten = tens[Math.floor(value / 10) - 2] ?? "";
  return unit === 0 ? ten : `${ten}-${small[unit]}`;
}

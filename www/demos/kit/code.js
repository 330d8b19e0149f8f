// A file as it is shown to somebody who would write it: without what it says about this project.

/** The text from its first line of code on. */
export function asCode(source) {
  const lines = source.split("\n");
  const first = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("//"));
  return lines.slice(Math.max(0, first)).join("\n").trimEnd();
}

// lines returns the number of lines in a text.
export function lines(text) {
  if (text === "") return 0;
  return text.replace(/\n$/, "").split("\n").length;
}

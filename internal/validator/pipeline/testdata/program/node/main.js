// Counts the lines of a file, or of its standard input, and writes the number to a file with --out.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { lines } from "./src/count.js";

try {
  const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
  const text = `${lines(readFileSync(positionals[0] ?? 0, "utf8"))} lines\n`;
  if (values.out) writeFileSync(values.out, text);
  else process.stdout.write(text);
} catch (err) {
  process.stderr.write(`count: ${err.message}\n`);
  process.exitCode = 1;
}

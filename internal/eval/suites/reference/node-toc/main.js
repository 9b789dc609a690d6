const lines = require("node:fs").readFileSync(0, "utf8").split("\n");
let fenced = false;
let found = 0;
for (const line of lines) {
  if (line.startsWith("```")) {
    fenced = !fenced;
    continue;
  }
  const m = fenced ? null : /^(#{1,6}) +(.*?)(?: +#+)? *$/.exec(line.replace(/\r$/, ""));
  if (m) {
    console.log("  ".repeat(m[1].length - 1) + "- " + m[2]);
    found++;
  }
}
process.exitCode = found ? 0 : 1;

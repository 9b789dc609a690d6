const lines = require("node:fs").readFileSync(0, "utf8").split("\n");
if (lines.at(-1) === "") lines.pop();
const conditions = process.argv.slice(2).map((a) => [a.slice(0, a.indexOf("=")), a.slice(a.indexOf("=") + 1)]);
lines.forEach((line, i) => {
  let v = null;
  try {
    v = JSON.parse(line);
  } catch {
    // told below
  }
  if (v === null || typeof v !== "object" || Array.isArray(v)) {
    console.error(`line ${i + 1} is no JSON object`);
    process.exitCode = 1;
  } else if (conditions.every(([k, want]) => Object.hasOwn(v, k) && String(v[k]) === want)) {
    console.log(line);
  }
});

const text = require("node:fs").readFileSync(0, "utf8");
const lines = text.split("\n");
if (lines.at(-1) === "") lines.pop();
const seen = new Map();
for (const line of lines) {
  const plain = line.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "n-a";
  const n = (seen.get(slug) ?? 0) + 1;
  seen.set(slug, n);
  console.log(n === 1 ? slug : `${slug}-${n}`);
}

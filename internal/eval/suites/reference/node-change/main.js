const cents = (s) => {
  const m = /^(\d+)(?:\.(\d{1,2}))?$/.exec(s);
  if (!m) {
    console.error("no amount:", s);
    process.exit(2);
  }
  return Number(m[1]) * 100 + Number((m[2] ?? "").padEnd(2, "0"));
};
const amount = cents(process.argv[2] ?? "");
const coins = (process.argv[3] ?? "1.00,0.50,0.20,0.10,0.05,0.01").split(",").map(cents).filter((c) => c > 0).sort((a, b) => b - a);
const best = [0];
const last = [0];
for (let n = 1; n <= amount; n++) {
  best[n] = Infinity;
  for (const c of coins) {
    if (c <= n && best[n - c] + 1 < best[n]) {
      best[n] = best[n - c] + 1;
      last[n] = c;
    }
  }
}
if (best[amount] === Infinity) {
  console.error("the amount cannot be given");
  process.exit(1);
}
const used = new Map();
for (let n = amount; n > 0; n -= last[n]) used.set(last[n], (used.get(last[n]) ?? 0) + 1);
for (const c of coins) if (used.has(c)) console.log(`${used.get(c)}x${(c / 100).toFixed(2)}`);

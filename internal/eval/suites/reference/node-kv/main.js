const fs = require("node:fs");
const store = new Map(fs.existsSync("kv.json") ? JSON.parse(fs.readFileSync("kv.json", "utf8")) : []);
const save = () => fs.writeFileSync("kv.json", JSON.stringify([...store]));
const [command, ...args] = process.argv.slice(2);
const wanted = { set: 2, get: 1, delete: 1, keys: 0 };
if (!Object.hasOwn(wanted, command ?? "") || wanted[command] !== args.length) {
  console.error("usage: set KEY VALUE | get KEY | delete KEY | keys");
  process.exit(2);
}
if (command === "set") {
  store.set(args[0], args[1]);
  save();
} else if (command === "keys") {
  for (const k of [...store.keys()].sort()) console.log(k);
} else if (!store.has(args[0])) {
  console.error("no key", args[0]);
  process.exit(1);
} else if (command === "get") {
  console.log(store.get(args[0]));
} else {
  store.delete(args[0]);
  save();
}

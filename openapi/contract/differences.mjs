// Prints the breaking differences between two OpenAPI documents as api-smart-diff sees them, one line each.
// node differences.mjs MODULES OLD NEW; exits with 1 if there are any.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, ...files] = process.argv.slice(2);
const { apiDiff } = createRequire(`${modules}/package.json`)("api-smart-diff");
const [before, after] = files.map((file) => JSON.parse(readFileSync(file, "utf8")));

const breaking = apiDiff(before, after).filter((difference) => difference.type === "breaking");
for (const { action, path } of breaking) console.log(`${action} ${path.join("/")}`);
process.exit(breaking.length > 0 ? 1 : 0);

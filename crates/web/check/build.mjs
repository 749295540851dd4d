// Bundles the check of the public page into one file, which its workers run as well.
// Usage: node build.mjs [folder]

import { build } from "esbuild";

const outdir = process.argv[2] ?? "dist";
await build({
  entryPoints: { check: "src/main.js" },
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  // The licences of what is bundled stay with it.
  legalComments: "eof",
  logLevel: "warning",
});

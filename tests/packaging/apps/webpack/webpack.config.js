const path = require("node:path");

module.exports = {
  mode: "production",
  entry: { main: "./src/main.js", slim: "./src/slim.js" },
  output: { path: path.resolve(__dirname, "out"), clean: true },
  // An app of its own, which has no other page to make small.
  performance: { hints: false },
  stats: "errors-warnings",
};

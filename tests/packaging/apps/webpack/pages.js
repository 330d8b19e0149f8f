// A page for each entry.
const fs = require("node:fs");

for (const [page, entry] of [["index", "main"], ["slim", "slim"]]) {
  const html = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>webpack: ${entry}</title>
  <link rel="icon" href="data:,">
  <script defer src="${entry}.js"></script>
</head>
</html>
`;
  fs.writeFileSync(`${__dirname}/out/${page}.html`, html);
}

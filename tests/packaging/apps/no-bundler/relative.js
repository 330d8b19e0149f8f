import { start } from "./node_modules/stillhere/dist/index.js";

const asked = new URLSearchParams(location.search);
const heart = await start({ endpoint: asked.get("endpoint"), token: asked.get("as") });
document.documentElement.dataset.started = String(heart.isRunning);
heart.on("beat", ({ ok }) => {
  if (ok) document.documentElement.dataset.ready = "true";
});

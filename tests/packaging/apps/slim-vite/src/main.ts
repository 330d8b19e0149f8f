import { init, start } from "stillhere/slim";
import wasm from "stillhere/stillhere.wasm?url";

const runs: boolean = await init(wasm);
const asked = new URLSearchParams(location.search);
const heart = await start({ endpoint: asked.get("endpoint") ?? "/v1", token: asked.get("as") ?? "nobody" });
heart.on("beat", ({ ok }) => {
  if (ok && runs) document.documentElement.dataset["ready"] = "true";
});

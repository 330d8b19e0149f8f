import { type Events, type Handle, type Options, start } from "stillhere";

const asked = new URLSearchParams(location.search);
const options: Options = {
  endpoint: asked.get("endpoint") ?? "/v1",
  token: async () => asked.get("as") ?? "nobody",
  whenHidden: "pause",
};
const heart: Handle = await start(options);
const mute: () => void = heart.on("beat", ({ ok, seq }: Events["beat"]) => {
  const count: number = seq;
  if (!ok || count < 1) return;
  document.documentElement.dataset["ready"] = "true";
  mute();
});
// @ts-expect-error: the types know which events there are.
heart.on("bear", () => {});
// @ts-expect-error: and what an option may be.
export const wrong: Options = { whenHidden: "sleep" };

export async function tellWhenReady(start) {
  const asked = new URLSearchParams(location.search);
  const heart = await start({ endpoint: asked.get("endpoint"), token: asked.get("as") });
  heart.on("beat", ({ ok }) => {
    if (ok) document.documentElement.dataset.ready = "true";
  });
}

// The page's own script, which need not know whether the heart beats already.
function tellWhenReady() {
  stillhere.heart.then((heart) => {
    document.documentElement.dataset.started = heart.isRunning;
    heart.on("beat", ({ ok }) => {
      if (ok) document.documentElement.dataset.ready = "true";
    });
  });
}

if (window.stillhere) tellWhenReady();

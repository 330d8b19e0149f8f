// Light, dark, or whatever the system says. A classic script in the head: a module would run after the first
// paint, and a page that flashes white at night is a page that gets closed.
(() => {
  const ORDER = ["system", "light", "dark"];
  const KEY = "stillhere.theme";
  const root = document.documentElement;

  function saved() {
    try {
      const theme = localStorage.getItem(KEY);
      return ORDER.includes(theme) ? theme : "system";
    } catch {
      return "system"; // storage can be switched off altogether; the page works without a memory
    }
  }

  function wear(theme) {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  }

  wear(saved());

  // Chosen in another tab, or in the page around this frame.
  addEventListener("storage", ({ key }) => key === KEY && wear(saved()));

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    let theme = saved();
    const label = () => {
      button.dataset.theme = theme;
      button.querySelector("[data-field=theme]").textContent = theme;
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
      wear(theme);
      label();
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // as above
      }
    });
    label();
  });
})();

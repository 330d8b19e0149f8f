// Before the element is known or after: what is set counts.
const here = document.querySelector("still-here");
const asked = new URLSearchParams(location.search);
here.token = asked.get("as");
here.setAttribute("endpoint", asked.get("endpoint"));

const { dataset } = document.documentElement;
const look = () => {
  if (here.hasAttribute("status")) dataset.ready = "true";
  dataset.members = String(here.members.length);
};
const watch = new MutationObserver(look);
customElements.whenDefined("still-here").then(() => {
  watch.observe(here, { attributes: true });
  watch.observe(here.shadowRoot, { subtree: true, childList: true, characterData: true, attributes: true });
  look();
});

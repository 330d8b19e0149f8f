// "Tell me when she is back": who is waited for, and the telling.

import { toast } from "../kit/toast.js";

export class Wanted {
  #users = new Set();
  #title = document.title;

  constructor() {
    // Whoever looks at the page has read it.
    addEventListener("focus", () => (document.title = this.#title));
  }

  has(user) {
    return this.#users.has(user);
  }

  /** Waits for somebody, or no longer. */
  toggle(user) {
    if (this.#users.delete(user)) return;
    this.#users.add(user);
    // Asked for at the click that needs it. Whoever says no is told on the page all the same.
    if (globalThis.Notification?.permission === "default") Notification.requestPermission().catch(() => {});
  }

  /** Somebody has come: tells, once, if they were waited for. */
  came({ user, name }) {
    if (!this.#users.delete(user)) return;
    const words = `${name} is back.`;
    toast(words, "good");
    if (!document.hasFocus()) document.title = `${words} · ${this.#title}`;
    if (globalThis.Notification?.permission === "granted" && document.hidden) {
      try {
        new Notification(words, { icon: "/stillhere.svg", tag: user });
      } catch {
        // Phones want a service worker for it; the toast and the title have told.
      }
    }
  }
}

// Who is here, for a component: kept apart from it so that its types are checked.

import { shallowReactive, watchEffect } from "vue";
import { useMembers, useStillhere, type HeartOptions } from "stillhere/vue";

declare global {
  interface Window {
    app: { change(options: HeartOptions): void; leave(): void; signOut(): void };
  }
}

export function usePresence() {
  const asked = new URLSearchParams(location.search);
  const { dataset } = document.documentElement;
  const options: HeartOptions = shallowReactive({ endpoint: asked.get("endpoint") ?? undefined, token: asked.get("as") });
  const { status, session, isRunning, signOut } = useStillhere(options);
  const members = useMembers(options);
  watchEffect(() => {
    if (status.value) dataset.ready = "true";
    dataset.members = String(members.value.length);
    dataset.session = session.value ?? "";
    dataset.running = String(isRunning.value);
  });
  window.app = { change: (more) => Object.assign(options, more), leave() {}, signOut };
  return { members, status };
}

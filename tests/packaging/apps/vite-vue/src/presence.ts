// Who is here, for a component: kept apart from it so that its types are checked.

import { ref, shallowReactive, watchEffect } from "vue";
import { useMembers, useStillhere, type HeartOptions } from "stillhere/vue";

declare global {
  interface Window {
    app: { change(options: HeartOptions): void; leave(): void; signOut(): void };
  }
}

export function usePresence() {
  const asked = new URLSearchParams(location.search);
  const { dataset } = document.documentElement;
  const token = ref<HeartOptions["token"]>(asked.get("as"));
  const others: HeartOptions = shallowReactive({ endpoint: asked.get("endpoint") ?? undefined });
  const options = () => ({ ...others, token });
  const { status, session, isRunning, signOut } = useStillhere(options);
  const members = useMembers(options);
  watchEffect(() => {
    if (status.value) dataset.ready = "true";
    dataset.members = String(members.value.length);
    dataset.session = session.value ?? "";
    dataset.running = String(isRunning.value);
  });
  function change(more: HeartOptions) {
    if ("token" in more) token.value = more.token;
    Object.assign(others, more);
  }
  window.app = { change, leave() {}, signOut };
  return { members, status };
}

// @ts-check
// For Vue: composables. See vue.d.ts.

import { computed, onScopeDispose, shallowRef, toValue, unref, watchEffect } from "vue";
import { attend, beatNow, heartView, markActive, signOut, subscribe } from "./attendance.js";
import { Onlooker } from "./onlooker.js";

/** What a watch takes of the options of a heart. */
const SHARED = ["endpoint", "token", "credentials", "debug", "channel", "user", "users", "counts", "sharedAs"];

/** @type {typeof import("./vue.js").useStillhere} */
export function useStillhere(options) {
  const place = attend();
  const view = shallowRef(heartView());
  // On a server no scope ends.
  const unsubscribe = typeof document === "undefined" ? undefined : subscribe(() => (view.value = heartView()));
  watchEffect(() => place.want(unwrapped(options)));
  onScopeDispose(() => {
    unsubscribe?.();
    place.leave();
  });
  const [handle, status, session, isRunning] = [
    computed(() => view.value.handle), computed(() => view.value.status), computed(() => view.value.session),
    computed(() => view.value.isRunning),
  ];
  return { handle, status, session, isRunning, beatNow, markActive, signOut };
}

/** @type {typeof import("./vue.js").useWatch} */
export function useWatch(options) {
  const onlooker = new Onlooker(() => (sight.value = onlooker.sight));
  const sight = shallowRef(onlooker.sight);
  watchEffect(() => {
    const given = unwrapped(options);
    const wanted = given && Object.fromEntries(Object.entries(given).filter(([name]) => SHARED.includes(name)));
    if (wanted && !wanted.user && !wanted.users && !wanted.counts) wanted.channel ??= "site";
    onlooker.want(wanted);
  });
  onScopeDispose(() => onlooker.leave());
  return sight;
}

/** @type {typeof import("./vue.js").useMembers} */
export function useMembers(options) {
  const sight = useWatch(options);
  return computed(() => sight.value.members);
}

/** Each option may be reactive too. @type {(options: any) => any} */
function unwrapped(options) {
  const given = toValue(options);
  return given && Object.fromEntries(Object.entries(given).map(([name, value]) => [name, unref(value)]));
}

// @ts-check
// For React: a provider that starts the heart for whoever is signed in, and hooks. See react.d.ts.

import { createContext, createElement, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { attend, beatNow, heartView, markActive, signOut, STILL, subscribe } from "./attendance.js";
import { NOBODY, Onlooker } from "./onlooker.js";

/** @typedef {import("./react.js").StillhereProps} StillhereProps */
/** @typedef {import("./onlooker.js").SightOptions} SightOptions */

const Options = createContext(/** @type {StillhereProps | null} */ (null));

/** @type {(props: StillhereProps) => import("react").ReactElement} */
export function StillhereProvider({ children, ...options }) {
  /** @type {import("react").RefObject<ReturnType<typeof attend> | null>} */
  const place = useRef(null);
  useEffect(() => {
    const taken = (place.current = attend());
    return () => taken.leave();
  }, []);
  // After each drawing: what has changed is found out there.
  useEffect(() => place.current?.want(options));
  return createElement(Options.Provider, { value: options }, children);
}

export function useStillhere() {
  const view = useSyncExternalStore(subscribe, heartView, () => STILL);
  return useMemo(() => ({ ...view, beatNow, markActive, signOut }), [view]);
}

/** @type {typeof import("./react.js").useStatus} */
export const useStatus = () => useStillhere().status;

/** @type {typeof import("./react.js").useWatch} */
export function useWatch(topic) {
  const [store] = useState(onlooking);
  const { endpoint, token, credentials, channel, debug } = useContext(Options) ?? {};
  const wanted = typeof topic === "string" ? { channel: topic } : (topic ?? { channel: channel ?? "site" });
  useEffect(() => store.want({ endpoint, token, credentials, debug, ...wanted }));
  return useSyncExternalStore(store.subscribe, store.sight, () => NOBODY);
}

/** @type {typeof import("./react.js").useMembers} */
export const useMembers = (topic) => useWatch(topic).members;

/** @type {typeof import("./react.js").useCounts} */
export const useCounts = (channel) => useWatch({ channel, counts: true }).counts;

/** A watch that is there while somebody looks. */
function onlooking() {
  /** @type {Onlooker | null} */
  let onlooker = null;
  /** @type {SightOptions | null} */
  let options = null;
  return {
    sight: () => onlooker?.sight ?? NOBODY,
    /** @param {() => void} listener */
    subscribe(listener) {
      const looking = (onlooker = new Onlooker(listener));
      if (options) looking.want(options);
      return () => looking.leave();
    },
    /** @param {SightOptions} wanted */
    want(wanted) {
      options = wanted;
      onlooker?.want(wanted);
    },
  };
}

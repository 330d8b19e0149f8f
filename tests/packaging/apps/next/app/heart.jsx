"use client";

import { useEffect, useState } from "react";
import { start } from "stillhere";

/** Imported on the server too, where it draws the first text. */
export function Heart() {
  const [said, say] = useState("no beat yet");

  useEffect(() => {
    const asked = new URLSearchParams(location.search);
    const starting = start({ endpoint: asked.get("endpoint"), token: asked.get("as") });
    starting.then((heart) =>
      heart.on("beat", ({ ok }) => {
        if (!ok) return;
        say("a beat was answered");
        document.documentElement.dataset.ready = "true";
      }),
    );
    return () => starting.then((heart) => heart.stop());
  }, []);

  return <p>{said}</p>;
}

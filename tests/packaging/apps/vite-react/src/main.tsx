// A page that beats and shows who else is here. Tests change its mind by `window.app`.

import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { StillhereProvider, useMembers, useStatus, useStillhere, type StillhereProps } from "stillhere/react";

declare global {
  interface Window {
    app: { change(props: StillhereProps): void; leave(): void; signOut(): void };
  }
}

const asked = new URLSearchParams(location.search);
const { dataset } = document.documentElement;

function People({ channel }: { channel?: string }) {
  const members = useMembers(channel);
  const status = useStatus();
  const { session, isRunning, signOut } = useStillhere();
  window.app.signOut = signOut;
  useEffect(() => {
    if (status) dataset.ready = "true";
    dataset.members = String(members.length);
    dataset.session = session ?? "";
    dataset.running = String(isRunning);
  });
  return (
    <ul>
      {members.map(({ user, status }) => (
        <li key={user}>
          {user} is {status}
        </li>
      ))}
    </ul>
  );
}

function App({ first }: { first: StillhereProps }) {
  const [props, change] = useState(first);
  window.app.change = (more) => change((before) => ({ ...before, ...more }));
  return (
    <StillhereProvider {...props}>
      <People />
    </StillhereProvider>
  );
}

const root = createRoot(document.getElementById("root")!);
window.app = { change() {}, leave: () => root.unmount(), signOut() {} };
root.render(
  <StrictMode>
    <App first={{ endpoint: asked.get("endpoint") ?? undefined, token: asked.get("as") }} />
  </StrictMode>,
);

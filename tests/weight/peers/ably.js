import { BaseRealtime, FetchRequest, RealtimePresence, WebSocketTransport } from "ably/modular";

const ably = new BaseRealtime({
  authUrl: "/token",
  plugins: { FetchRequest, RealtimePresence, WebSocketTransport },
});
const { presence } = ably.channels.get("orders");
presence.subscribe(console.log);
presence.enter("here");

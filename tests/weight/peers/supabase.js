import { RealtimeClient } from "@supabase/realtime-js";

const client = new RealtimeClient("wss://example.supabase.co/realtime/v1", { params: { apikey: "key" } });
const orders = client.channel("orders", { config: { presence: { key: "ann" } } });
orders.on("presence", { event: "sync" }, () => console.log(orders.presenceState()));
orders.subscribe((status) => status === "SUBSCRIBED" && orders.track({ at: Date.now() }));

import { Centrifuge } from "centrifuge";

const centrifuge = new Centrifuge("wss://presence.example.com/connection/websocket", { token: "token" });
const orders = centrifuge.newSubscription("orders", { joinLeave: true });
orders.on("join", console.log).on("leave", console.log);
orders.on("subscribed", async () => console.log(await orders.presence()));
orders.subscribe();
centrifuge.connect();

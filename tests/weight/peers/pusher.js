import Pusher from "pusher-js";

const pusher = new Pusher("key", { cluster: "eu", channelAuthorization: { endpoint: "/auth", transport: "ajax" } });
const channel = pusher.subscribe("presence-orders");
channel.bind("pusher:subscription_succeeded", console.log);
channel.bind("pusher:member_added", console.log);
channel.bind("pusher:member_removed", console.log);

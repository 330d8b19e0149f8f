import { Presence, Socket } from "phoenix";

const socket = new Socket("/socket", { params: { token: "token" } });
const channel = socket.channel("orders");
const presence = new Presence(channel);
presence.onSync(() => console.log(presence.list()));
socket.connect();
channel.join();

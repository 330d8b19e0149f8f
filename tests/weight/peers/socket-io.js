import { io } from "socket.io-client";

const socket = io("https://presence.example.com", { auth: { token: "token" } });
socket.on("joined", console.log);
socket.on("left", console.log);
document.addEventListener("visibilitychange", () => socket.emit("state", document.visibilityState));

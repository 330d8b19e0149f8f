// Use case 5 as it is usually built: socket.io, a JSON Web Token at the door, a room for each page, and a word to everybody
// in it about who comes and who goes.

import { createServer } from "node:http";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";

// Nobody is asked for a sign of life while a measurement goes on.
const PING_EVERY_MS = 3_600_000;

const server = createServer();
const io = new Server(server, { transports: ["websocket"], pingInterval: PING_EVERY_MS, connectTimeout: PING_EVERY_MS });

io.use((socket, next) => {
  try {
    socket.data.claims = jwt.verify(socket.handshake.auth.token, process.env.JWT_SECRET, { algorithms: ["HS256"] });
    next();
  } catch {
    next(new Error("the token is no good"));
  }
});

const here = new Map();

const member = (user) => ({ user: user.sub, name: user.name, role: user.role, status: "online", lastSeen: Date.now() });

function leave(socket, room, reason) {
  const { claims } = socket.data;
  if (here.get(room)?.delete(claims.sub)) {
    io.to(room).emit("leave", { room, reason, ...member(claims) });
  }
}

io.on("connection", (socket) => {
  socket.on("watch", (room, answer) => {
    socket.join(room);
    answer([...(here.get(room)?.values() ?? [])]);
  });
  socket.on("join", (room) => {
    const { claims } = socket.data;
    here.set(room, here.get(room) ?? new Map());
    here.get(room).set(claims.sub, member(claims));
    io.to(room).emit("join", { room, ...member(claims) });
    socket.data.room = room;
  });
  socket.on("leave", (room) => leave(socket, room, "signed out"));
  socket.on("disconnect", (reason) => leave(socket, socket.data.room, reason));
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));

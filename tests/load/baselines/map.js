// What a plain Map in Node needs for the records of use case 3: `node --expose-gc map.js 1000000` prints bytes.

const count = Number(process.argv[2]);
const presence = new Map();
globalThis.gc();
const before = process.memoryUsage().rss;
for (let number = 0; number < count; number++) {
  const userId = `user-${String(number).padStart(7, "0")}`;
  presence.set(userId, {
    userId,
    name: `Person ${number}`,
    email: `${userId}@example.com`,
    role: "member",
    department: "sales",
    lastSeen: Date.now(),
  });
}
globalThis.gc();
console.log(JSON.stringify({ resident: process.memoryUsage().rss - before, records: presence.size }));

// Use case 3 as it is usually built: Express, a JSON Web Token, and one record for each user in Redis, which expires by itself.

import express from "express";
import { Redis } from "ioredis";
import jwt from "jsonwebtoken";

const FORGOTTEN_AFTER_S = 300;

const redis = new Redis(process.env.REDIS_URL);
const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use(express.json({ type: () => true, limit: "8kb" }));

app.post("/v1/beat", async (request, response) => {
  let claims;
  try {
    claims = jwt.verify(request.body.token, process.env.JWT_SECRET, { algorithms: ["HS256"] });
  } catch {
    return response.status(401).json({ success: false });
  }
  const now = Date.now();
  const record = { userId: claims.sub, name: claims.name, role: claims.role, page: request.body.page, lastSeen: now };
  await redis.set(`presence:${claims.sub}`, JSON.stringify(record), "EX", FORGOTTEN_AFTER_S);
  response.json({ success: true, timestamp: now });
});

const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
// Between two rounds of a measurement nobody speaks.
server.keepAliveTimeout = 3_600_000;
// Nor does everybody speak as soon as they have come.
server.headersTimeout = 0;
server.requestTimeout = 0;

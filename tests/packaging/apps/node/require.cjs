// Where Node can require a module (20.19 and up), the package needs nothing more for it.
const assert = require("node:assert/strict");
const { start } = require("stillhere");

start().then((heart) => assert.equal(heart.isRunning, false));

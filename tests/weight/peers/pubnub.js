import PubNub from "pubnub";

const pubnub = new PubNub({ subscribeKey: "key", userId: "ann", heartbeatInterval: 10 });
pubnub.addListener({ presence: console.log });
pubnub.subscribe({ channels: ["orders"], withPresence: true });
pubnub.hereNow({ channels: ["orders"] }).then(console.log);

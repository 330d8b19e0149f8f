import { initializeApp } from "@firebase/app";
import { getDatabase, onDisconnect, onValue, ref, serverTimestamp, set } from "@firebase/database";

const database = getDatabase(initializeApp({ databaseURL: "https://example.firebaseio.com" }));
const mine = ref(database, "here/ann");
onValue(ref(database, ".info/connected"), async (connected) => {
  if (!connected.val()) return;
  await onDisconnect(mine).set({ state: "offline", at: serverTimestamp() });
  await set(mine, { state: "online", at: serverTimestamp() });
});
onValue(ref(database, "here"), (here) => console.log(here.val()));

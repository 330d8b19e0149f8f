// Before anything else: what is complained of, and what is thrown.
window.complaints = [];
window.thrown = [];
const { error, warn } = console;
console.error = (...words) => (complaints.push(words.map(String).join(" ")), error(...words));
console.warn = (...words) => (complaints.push(words.map(String).join(" ")), warn(...words));
addEventListener("error", (event) => thrown.push(String(event.message)));
addEventListener("unhandledrejection", (event) => thrown.push(String(event.reason)));

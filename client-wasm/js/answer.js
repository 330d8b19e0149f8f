// @ts-check
// What a server's answer means for the beat that it answers.

// By the numbers that src/numbers.rs reads.
const ACCEPTED = 1;
export const RETRY = 2;
export const ENDED = 3;
const REFUSED = 4;

/** @type {typeof import("./answer.js").judge} */
export function judge(status, body, retryAfter) {
  // Without an interval it is not our server's: perhaps a hotel's log-in page.
  if (status === 200 && body?.intervalMs > 0) {
    return { means: [ACCEPTED, body.intervalMs, body.hiddenIntervalMs ?? 0, body.savedSeq], status: body.status };
  }
  const { code: said, message, retry, retryAfterMs } = body?.error ?? {};
  // Whoever answers in our server's place may number its errors.
  const code = typeof said === "string" ? said : "no_answer";
  // Whole seconds; a proxy that names a date instead is not waited for.
  const again = [RETRY, retryAfterMs ?? (Number(retryAfter) * 1_000 || 0)];
  // Of another: somebody else has logged in since this tab began. Their stay is a session of its own.
  if (code === "session_ended" || code === "session_of_another") return { means: [ENDED], code };
  // Without a code it is not from our server but from something on the way to it.
  const isPassing = retry || status >= 500 || /^(429|408)$/.test(String(status)) || /^(no_answer|token_\w+)$/.test(code);
  return { means: isPassing ? again : [REFUSED], code, message };
}

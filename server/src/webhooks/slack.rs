//! Letters as sentences, for Slack and those who take the same: `{"text": "Ann came online in pms"}`.

use serde_json::{Value, json};

/// The sentence for a letter's body. `name` is what is shown of a user, where that is known.
pub(super) fn body(letter: &str, name: impl Fn(&str) -> Option<String>) -> String {
    // What is read here, this server has written.
    let letter: Value = serde_json::from_str(letter).unwrap_or_default();
    json!({ "text": sentence(&letter, name) }).to_string()
}

fn sentence(letter: &Value, name: impl Fn(&str) -> Option<String>) -> String {
    let data = &letter["data"];
    let member = if data["member"].is_object() { &data["member"] } else { data };
    let of = |field: &str| member[field].as_str().unwrap_or_default();
    let who = escaped(&name(of("user")).unwrap_or_else(|| of("user").to_owned()));
    let (channel, status, reason) = (escaped(of("channel")), escaped(of("status")), escaped(of("reason")));
    match letter["type"].as_str().unwrap_or_default() {
        "presence.join" => format!("{who} came to {channel}"),
        "presence.update" => format!("{who} is {status} in {channel}"),
        "presence.leave" => format!("{who} left {channel} ({reason})"),
        "presence.online" => format!("{who} came online in {channel}"),
        "punch.in" => format!("{who} punched in"),
        "punch.out" => format!("{who} punched out"),
        "punch.auto_out" => format!("{who} was punched out ({reason}), last seen {}", escaped(of("at"))),
        _ => "This is a test of a webhook of stillhere".into(),
    }
}

/// As Slack asks for it: with these three nobody's name can make a link, or call the whole channel. A name is one line.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace(|letter: char| letter.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(letter: &Value) -> String {
        let name = |user: &str| (user == "ann").then(|| "Ann <!channel> & Co\n".to_owned());
        let body: Value = serde_json::from_str(&body(&letter.to_string(), name)).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 1);
        body["text"].as_str().unwrap().to_owned()
    }

    #[test]
    fn each_event_is_a_sentence() {
        let member = json!({ "member": { "user": "bob", "channel": "pms", "status": "online" } });
        let gone = json!({ "user": "bob", "channel": "pms", "reason": "timeout" });
        let punch = json!({ "user": "bob", "reason": "timeout", "at": "2026-11-21T14:06:38.123Z" });
        for (kind, data, sentence) in [
            ("presence.join", &member, "bob came to pms"),
            ("presence.update", &member, "bob is online in pms"),
            ("presence.online", &member, "bob came online in pms"),
            ("presence.leave", &gone, "bob left pms (timeout)"),
            ("punch.in", &punch, "bob punched in"),
            ("punch.out", &punch, "bob punched out"),
            ("punch.auto_out", &punch, "bob was punched out (timeout), last seen 2026-11-21T14:06:38.123Z"),
            ("webhook.test", &Value::Null, "This is a test of a webhook of stillhere"),
        ] {
            assert_eq!(text(&json!({ "type": kind, "data": data })), sentence);
        }
    }

    #[test]
    fn a_name_can_call_nobody_and_stays_on_its_line() {
        let letter = json!({ "type": "punch.in", "data": { "user": "ann" } });
        assert_eq!(text(&letter), "Ann &lt;!channel&gt; &amp; Co  punched in");
        let unknown = json!({ "type": "punch.in", "data": { "user": "<@U1>" } });
        assert_eq!(text(&unknown), "&lt;@U1&gt; punched in");
    }
}

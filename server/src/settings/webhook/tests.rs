use std::fs;

use base64::prelude::{BASE64_STANDARD, Engine};

use super::*;
use crate::settings::{Secrets, Serve, Settings, Typed};

const HOOK: &str =
    "[[webhook]]\nname = \"pay-roll\"\nurl = \"https://pay.example/in?key=hunter2\"\nevents = [\"join\"]\n";
const SLACK: &str = "[[webhook]]\nname = \"chat\"\nurl = \"https://hooks.example/services/hunter2\"\nevents = [\"online\"]\n\
                     format = \"slack\"\n";

fn whsec(bytes: usize) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode("s".repeat(bytes)))
}

fn environment(signing: &[(&str, &str)], urls: &[(&str, &str)]) -> Secrets {
    let signing = signing.iter().map(|(name, text)| (name.to_string(), Secret::of_webhook(text.as_bytes()).unwrap()));
    let urls = urls.iter().map(|(name, url)| (name.to_string(), WebhookUrl::new(url)));
    let webhooks = WebhookSecrets { signing: signing.collect(), urls: urls.collect() };
    Secrets { webhooks, ..Secrets::default() }
}

fn settings(text: &str, secrets: Secrets) -> Result<Settings, String> {
    let typed = Typed::from_toml(text).map_err(|why| why.to_string())?;
    Settings::parse(typed, secrets).map_err(|why| why.to_string())
}

#[test]
fn a_webhook_that_cannot_be_followed_is_refused_with_what_to_change() {
    let secret = whsec(24);
    let known = || environment(&[("PAY_ROLL", &secret)], &[]);
    for (from, to, hint) in [
        ("pay-roll", "Pay", "small letters, digits or -"),
        ("url = \"https://pay.example/in?key=hunter2\"\n", "", "STILLHERE_WEBHOOK_URL_PAY_ROLL"),
        ("https://", "http://", "say `insecure = true`"),
        ("https://", "ftp://", "is no address"),
        ("https://pay.example", "/path", "is no address"),
        ("https://", "https://ann:hunter2@", "leave it out"),
        ("?key=hunter2", "?key=hunter2#there", "after #"),
        ("?key=hunter2", "/***", "--print-config shows"),
        ("[\"join\"]", "[]", "there are: join, update"),
        ("[\"join\"]", "[\"punch\"]", "unknown variant `punch`"),
        ("[\"join\"]", "[\"auto-out\"]", "`punching` is off"),
        ("[\"join\"]", "[\"join\"]\nreasons = [\"timeout\"]", "only leave and auto-out"),
        ("[\"join\"]", "[\"leave\"]\nreasons = [\"gone\"]", "closed, timeout, moved, signed_out, removed"),
        ("[\"join\"]", "[\"join\"]\nusers = [\"\"]", "`users`: \"\" is none"),
        ("[\"join\"]", "[\"join\"]\nchannels = [\"two words\"]", "`channels`: \"two words\" is none"),
        ("[\"join\"]", "[\"join\"]\ninsecure = true", "needs no `insecure = true`"),
        ("[\"join\"]", "[\"join\"]\nformat = \"slack\"", "not signed"),
        ("[\"join\"]", "[\"join\"]\nsecret_file = \"/nowhere\"", "for the same secret"),
        ("[[webhook]]", "channels = [\"pms\"]\n[[webhook]]\nchannels = [\"hr\"]", "`channels` does not know it"),
        ("[[webhook]]", "punching = \"on-request\"\n[[webhook]]\nchannels = [\"hr\"]", "make two webhooks of it"),
    ] {
        let mut text = HOOK.replace(from, to);
        if hint.contains("two webhooks") {
            text = text.replace("join", "auto-out");
        }
        assert_ne!(text, HOOK);
        let why = settings(&text, known()).map(|_| ()).unwrap_err();
        assert!(why.contains(hint) && !why.contains("hunter2"), "{text}: {why}");
    }
    let twice = format!("{HOOK}{HOOK}");
    let both = settings(&twice, environment(&[("PAY_ROLL", &secret)], &[])).map(|_| ()).unwrap_err();
    assert!(both.contains("no secret") || both.contains("twice"), "{both}");
    let many = SLACK.repeat(limits::WEBHOOKS + 1);
    assert!(settings(&many, Secrets::default()).map(|_| ()).unwrap_err().contains("more than 16"));
}

#[test]
fn a_mistake_beside_the_address_of_a_webhook_does_not_bring_it_to_light() {
    for (from, to) in
        [("url = \"", "uri = \""), ("hunter2\"", "hunter2"), ("url = \"", "url = "), ("name", "url = \"x\"\nname")]
    {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        fs::write(&file, HOOK.replace(from, to)).unwrap();
        let why = Serve { config: Some(file), ..Serve::default() }.settings().unwrap_err();
        let shown = format!("{why} {why:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn the_secret_of_a_webhook_is_there_once_and_of_its_form() {
    let why = settings(HOOK, Secrets::default()).map(|_| ()).unwrap_err();
    assert!(why.contains("STILLHERE_WEBHOOK_SECRET_PAY_ROLL") && why.contains("openssl rand"), "{why}");
    let secret = whsec(24);
    let why = settings(SLACK, environment(&[("PAYROLL", &secret)], &[])).map(|_| ()).unwrap_err();
    assert!(why.contains("STILLHERE_WEBHOOK_SECRET_PAYROLL, but no `[[webhook]]` of that name"), "{why}");
    let why = settings(HOOK, environment(&[("PAY_ROLL", &secret)], &[("PAY_ROLL", "https://x")])).map(|_| ());
    assert!(why.unwrap_err().contains("for the same address"));
    for bad in ["", "hunter2hunter2hunter2hunter2hunter2", &whsec(23), &whsec(65), "whsec_???"] {
        let why = Secret::of_webhook(bad.as_bytes()).unwrap_err().to_string();
        assert!(why.contains("24 to 64 bytes") && !why.contains("hunter2"), "{bad}: {why}");
    }
    let [old, new, third] = [24, 64, 32].map(whsec);
    assert_eq!(Secret::of_webhook(format!(" {new}\n{old} \n").as_bytes()).unwrap().len(), 2);
    assert!(Secret::of_webhook(format!("{new} {old} {third}").as_bytes()).is_err());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, format!("{new}\n")).unwrap();
    let text = format!("{HOOK}secret_file = {:?}\n", file.display().to_string());
    assert_eq!(settings(&text, Secrets::default()).unwrap().webhooks().hooks[0].secrets.len(), 1);
}

#[test]
fn plain_http_is_for_this_machine_or_for_who_asks_for_it() {
    for (url, more) in [
        ("http://127.0.0.1:9/x", ""),
        ("http://localhost/x", ""),
        ("http://[::1]:9/x", ""),
        ("http://pay.example/x", "insecure = true"),
    ] {
        let text = SLACK.replace("https://hooks.example/services/hunter2", url) + more;
        assert!(settings(&text, Secrets::default()).is_ok(), "{url}");
    }
    let text = SLACK.replace("https://hooks.example/services/hunter2", "http://127.0.0.1.example/x");
    assert!(settings(&text, Secrets::default()).is_err(), "a name that only begins like an address");
}

#[test]
fn printed_webhooks_show_neither_secret_nor_address() {
    let secret = whsec(24);
    let secrets = || environment(&[("PAY_ROLL", &secret)], &[("CHAT", "https://hooks.example/services/hunter2")]);
    let chat = SLACK.replace("url = \"https://hooks.example/services/hunter2\"\n", "");
    let settings = settings(&format!("{HOOK}{chat}"), secrets()).unwrap();
    let printed = Serve::print(&settings).unwrap();
    assert!(printed.contains("# STILLHERE_WEBHOOK_SECRET_PAY_ROLL = ***"), "{printed}");
    assert!(printed.contains("# STILLHERE_WEBHOOK_URL_CHAT = ***"), "{printed}");
    assert!(printed.contains("url = \"https://pay.example/***\""), "{printed}");
    let shown = format!("{settings:?} {:?} {printed}", settings.to_typed());
    assert!(!shown.contains("hunter2") && !shown.contains(&secret["whsec_".len()..]), "{shown}");
    let urls = [("CHAT", "https://a.example"), ("PAY_ROLL", "https://b.example")];
    let again = environment(&[("PAY_ROLL", &secret)], &urls);
    let again = Settings::parse(Typed::from_toml(&printed).unwrap(), again).unwrap();
    let text = |settings: &Settings| toml::to_string(&settings.to_typed()).unwrap();
    assert_eq!(text(&again), text(&settings), "with the addresses in the environment it can be read back");
}

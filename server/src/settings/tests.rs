use clap::{CommandFactory, Parser};
use stillhere_engine::time::Millis;

use super::{Auth, Cli, Command, HiddenInterval, PRESETS, Secret, Secrets, Serve, Settings, Typed, preset};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn toml(text: &str) -> Typed {
    Typed::from_toml(text).unwrap()
}

fn refusal(text: &str) -> String {
    match Typed::from_toml(text) {
        Ok(typed) => Settings::parse(typed, None).unwrap_err().to_string(),
        Err(why) => why.to_string(),
    }
}

fn serve(arguments: &[&str]) -> Box<Serve> {
    match Cli::parse_from(["stillhere", "serve"].iter().chain(arguments)).command {
        Command::Serve(serve) => serve,
        other => panic!("{other:?} serves nobody"),
    }
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn a_flag_goes_over_a_file_over_a_preset_over_the_default() {
    let serve = serve(&["--interval-ms", "1000"]);
    let file = toml("interval_ms = 2000\ngrace_ms = 2500");
    let preset = toml("interval_ms = 3000\ngrace_ms = 3500\nleave_grace_ms = 3600");
    let settings = Settings::parse(serve.typed.over(file).over(preset), None).unwrap();
    let policy = settings.policy();
    assert_eq!(policy.interval, Millis(1000));
    assert_eq!(policy.grace, Millis(2500));
    assert_eq!(policy.leave_grace, Millis(3600));
    assert_eq!(policy.missed_beats, 1);
    assert_eq!(settings.listen().to_string(), "127.0.0.1:4747");
}

#[test]
fn every_preset_can_be_followed() {
    for (name, _) in PRESETS {
        let settings = Settings::parse(preset(name).unwrap(), None);
        assert!(settings.is_ok(), "{name}: {settings:?}");
    }
    assert!(preset("demos").unwrap_err().to_string().contains("there are: demo, "));
}

#[test]
fn printed_settings_mean_the_same_when_they_are_read_back() {
    for (name, _) in PRESETS {
        let printed = Settings::parse(preset(name).unwrap(), None).unwrap().to_typed();
        let text = toml::to_string(&printed).unwrap();
        let again = Settings::parse(toml(&text), None).unwrap().to_typed();
        assert_eq!(printed, again, "{text}");
    }
}

#[test]
fn a_wrong_setting_is_refused_with_what_to_change() {
    for (text, hint) in [
        ("intervall_ms = 5", "unknown field `intervall_ms`"),
        ("interval_ms = \"5 s\"", "interval_ms = \"5 s\""),
        ("interval_ms = 5", "`interval_ms` is below 500"),
        ("hidden_interval_ms = \"never\"", "milliseconds, or \"pause\""),
        ("hidden_interval_ms = 5000", "75000"),
        ("hidden_hold_ms = 1000", "hidden_hold_ms"),
        ("channels = [\"two words\"]", "two words"),
        ("base_path = \"v1\"", "/v1"),
        ("base_path = \"/\"", "/v1"),
        ("base_path = \"/{x}\"", "/v1"),
        ("allowed_origins = [\"https://a.example/\"]", "without a path"),
        ("allowed_origins = [\"*\"]", "https://app.example.com"),
        ("auth = \"jwt\"", "STILLHERE_JWT_SECRET"),
        ("auth = \"oauth\"", "unknown variant `oauth`"),
        ("auth = \"email\"", "STILLHERE_JWT_SECRET"),
        ("jwt_issuer = \"x\"", "`jwt_issuer`, but `auth` is none"),
        ("token_cookie = \"x\"", "`auth` is none"),
        ("content_url = \"/\"", "`auth` is none"),
        ("auth = \"jwt\"\njwks_file = \"/nowhere\"", "`jwks_file`: /nowhere cannot be read"),
        ("auth = \"jwt\"\njwt_public_key_file = \"/nowhere\"", "`jwt_public_key_file`: /nowhere cannot be read"),
        ("auth = \"jwt\"\njwt_secret_file = \"a\"\njwks_file = \"b\"", "`jwt_secret_file` and `jwks_file`"),
        ("auth = \"jwt\"\njwt_public_key_file = \"a\"\njwks_file = \"b\"", "leave one out"),
        ("jwt_secret_file = \"/nowhere\"", "/nowhere"),
        ("database_url = \"mysql://a@b/c\"", "no address of a PostgreSQL database"),
        ("database_url = \"postgres://a@b:port/c\"", "no address of a PostgreSQL database"),
        ("database_url = \"postgres://a:b/c@d/e\"", "as %XX"),
        ("database_url = \"postgres://a@b/c?password=d\"", "before the host"),
        ("database_url = \"postgres://a@b/c?pass=d\"", "there are: sslmode, "),
        ("retention_days = 0", "leave it out to forget nothing"),
        ("punch_retention_days = 36501", "`punch_retention_days` is 36501: make it 1 to 36500"),
        ("metrics = \"yes\"", "unknown variant `yes`"),
        ("metrics_token_file = \"/nowhere\"", "`metrics_token_file`: /nowhere"),
        ("trusted_proxies = [\"localhost\"]", "write it as 10.1.2.3"),
        ("trusted_proxies = [\"0.0.0.0/0\"]", "is everybody"),
        ("proxy_header = \"forwarded\"", "name your proxies by `trusted_proxies`"),
        ("base_path = \"/metrics\"", "/v1"),
        ("status = []", "`status`"),
        ("[[status]]\nname = \"Online\"", "small letters"),
        ("[[status]]\nname = \"on\"\n[[status]]\nname = \"on\"", "twice"),
        ("[[status]]\nname = \"on\"\nvisibel = true", "unknown field `visibel`"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(hint), "{text}: {refusal}");
    }
}

#[test]
fn anybody_may_be_anybody_only_on_this_machine_or_when_told_twice() {
    assert!(refusal("listen = \"0.0.0.0:1\"").contains("--allow-anonymous"));
    assert!(refusal("listen = \"[::]:1\"").contains("--allow-anonymous"));
    for text in ["listen = \"[::1]:1\"", "listen = \"127.9.9.9:1\"", "listen = \"0.0.0.0:1\"\nallow_anonymous = true"] {
        assert!(Settings::parse(toml(text), None).is_ok(), "{text}");
    }
    let secret = || Some(Secret::parse(SECRET).unwrap());
    let tokens = Settings::parse(toml("listen = \"0.0.0.0:1\"\nauth = \"jwt\""), secret()).unwrap();
    assert!(matches!(tokens.auth(), Auth::Jwt(_)));
    let unused = Settings::parse(Typed::default(), secret()).unwrap_err().to_string();
    assert!(unused.contains("nobody would look at it"), "{unused}");
}

#[test]
fn a_secret_is_long_and_never_shown() {
    assert!(Secret::parse(b"  hunter2 \n").unwrap_err().to_string().contains("32 bytes"));
    let settings = Settings::parse(toml("auth = \"jwt\""), Some(Secret::parse(SECRET).unwrap())).unwrap();
    let shown = format!("{settings:?} {}", toml::to_string(&settings.to_typed()).unwrap());
    assert!(!shown.contains("0123456789"), "{shown}");
}

#[test]
fn the_address_of_a_database_is_shown_without_its_password() {
    for (typed, shown) in [
        (
            "postgres://ann:hunter2@db.example:5433/facts?sslmode=require",
            "postgres://ann@db.example:5433/facts?sslmode=require",
        ),
        ("postgresql://ann:hunter2%40@db.example/facts", "postgresql://ann@db.example/facts"),
        ("postgres://db.example/facts", "postgres://db.example/facts"),
    ] {
        let settings = Settings::parse(toml(&format!("database_url = \"{typed}\"")), None).unwrap();
        let printed = toml::to_string(&settings.to_typed()).unwrap();
        assert!(printed.contains(&format!("database_url = \"{shown}\"")), "{printed}");
        let everything = format!("{printed} {settings:?} {:?}", settings.to_typed());
        assert!(!everything.contains("hunter2"), "{everything}");
    }
}

#[test]
fn a_mistake_beside_the_password_of_a_database_does_not_bring_it_to_light() {
    for text in [
        "database_url = \"postgres://ann:hunter2@db/facts",
        "database_url = postgres://ann:hunter2@db/facts",
        "databaze_url = \"postgres://ann:hunter2@db/facts\"",
        "interval_ms = \"postgres://ann:hunter2@db/facts\"",
        "database_url = \"postgres://ann:hun/ter2@db/facts\"",
        "database_url = \"postgres://ann:hun@ter2@db/facts\"",
        "database_url = \"postgres://db/facts?options=hunter2&hunter2\"",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(&file, text).unwrap();
        let serve = Serve { config: Some(file), ..Serve::default() };
        let refusal = serve.settings().unwrap_err();
        let shown = format!("{refusal} {refusal:?}");
        assert!(!shown.contains("hun") && !shown.contains("ter2"), "{shown}");
    }
}

#[test]
fn secrets_of_operation_are_named_and_never_shown() {
    let secrets = || {
        let secret = || Some(Secret::parse(SECRET).unwrap());
        Secrets { metrics: secret(), cron: secret(), ..Secrets::default() }
    };
    let text = "trusted_proxies = [\"127.0.0.1\", \"fd00::/8\"]\nproxy_header = \"forwarded\"\nlog_format = \"json\"";
    let settings = Settings::parse(toml(text), secrets()).unwrap();
    let printed = Serve::print(&settings).unwrap();
    assert!(printed.starts_with("# STILLHERE_METRICS_TOKEN = ***"), "{printed}");
    assert!(printed.contains("\n# STILLHERE_CRON_SECRET = ***"), "{printed}");
    assert!(!format!("{settings:?} {printed}").contains("0123456789"), "{printed}");
    let again = Settings::parse(toml(&printed), secrets()).unwrap();
    assert_eq!(settings.to_typed(), again.to_typed(), "{printed}");
    for (text, hint) in [
        ("metrics = \"open\"", "`metrics` is open"),
        ("metrics = \"off\"", "`metrics` is off"),
        ("cron_secret_file = \"x\"", "STILLHERE_CRON_SECRET and `cron_secret_file`"),
    ] {
        let why = Settings::parse(toml(text), secrets()).unwrap_err().to_string();
        assert!(why.contains(hint), "{text}: {why}");
    }
}

#[test]
fn a_hidden_tab_can_be_told_to_pause() {
    let serve = serve(&["--hidden-interval-ms", "pause"]);
    assert_eq!(serve.typed.hidden_interval_ms, Some(HiddenInterval::Pause));
    assert_eq!(Settings::parse(serve.typed, None).unwrap().policy().hidden_interval, None);
}

#[test]
fn the_presets_keep_the_numbers_of_the_systems_that_they_replace() {
    use stillhere_engine::page::PageState::{Active, Hidden};
    let policy = |name| Settings::parse(preset(name).unwrap(), None).unwrap().policy().clone();
    let lease = |name| {
        let policy = policy(name);
        policy.lease(Active, Some(policy.interval)).0 / 1_000
    };
    assert_eq!(policy("session-duration").interval, Millis::minutes(3));
    assert_eq!(policy("session-duration").hidden_interval, None);
    assert_eq!((policy("punch-clock").interval, lease("punch-clock")), (Millis::seconds(10), 30));
    assert!(policy("punch-clock").lease(Hidden, Some(Millis::seconds(75))) > Millis::seconds(75 + 60));
    assert_eq!(policy("who-is-online").interval, Millis::seconds(5));
    assert_eq!(policy("who-is-online").lease(Hidden, None), Millis::minutes(5));
    assert_eq!((policy("module-users").interval, lease("module-users")), (Millis::seconds(45), 5 * 60));
    assert_eq!(lease("availability"), 90);
}

#[test]
fn settings_of_identity_that_contradict_each_other_are_refused_with_what_to_change() {
    for (text, hint) in [
        ("auth = \"jwt\"\njwks_file = \"b\"", "STILLHERE_JWT_SECRET and `jwks_file`"),
        ("auth = \"email\"\njwks_file = \"b\"", "STILLHERE_JWT_SECRET and `jwks_file`"),
        ("auth = \"jwt\"\ntoken_cookie = \"t\"", "name the origins of your own pages by `allowed_origins`"),
        ("auth = \"jwt\"\ntoken_cookie = \"a b\"", "letters, digits"),
        ("auth = \"jwt\"\ntoken_cookie = \"stillhere_session\"", "the e-mail gate's"),
        ("auth = \"jwt\"\njwt_leeway_ms = 300001", "300000"),
        ("auth = \"jwt\"\nadmin_role = \"\"", "`admin_role` is empty"),
        ("auth = \"jwt\"\nrole_claim = \"\"", "`role_claim` must be"),
        ("auth = \"jwt\"\ncontent_url = \"/x\"", "auth = \"email\""),
        ("auth = \"jwt\"\ninsecure_cookies = true", "auth = \"email\""),
        ("auth = \"email\"\ncontent_url = \"//evil.example\"", "a path such as"),
        ("auth = \"email\"\ncontent_url = \"javascript:1\"", "a path such as"),
        ("auth = \"email\"\ncontent_url = \"/a\\r\\nb: c\"", "a path such as"),
    ] {
        let why = Settings::parse(toml(text), Some(Secret::parse(SECRET).unwrap())).unwrap_err().to_string();
        assert!(why.contains(hint), "{text}: {why}");
    }
}

#[test]
fn printed_settings_of_identity_mean_the_same_and_show_no_secret() {
    for text in [
        "auth = \"jwt\"\nrole_claim = \"a.b\"\njwt_issuer = \"x\"\njwt_leeway_ms = 0",
        "auth = \"jwt\"\ntoken_cookie = \"t\"\nallowed_origins = [\"https://app.example\"]",
        "auth = \"email\"\ncontent_url = \"/report.html\"\ninsecure_cookies = true",
    ] {
        let secret = || Some(Secret::parse(SECRET).unwrap());
        let settings = Settings::parse(toml(text), secret()).unwrap();
        let printed = Serve::print(&settings).unwrap();
        assert!(printed.starts_with("# STILLHERE_JWT_SECRET = ***"), "{printed}");
        assert!(!printed.contains("0123456789"), "{printed}");
        assert!(text.lines().all(|line| printed.contains(line)), "{printed}");
        let again = Settings::parse(toml(&printed), secret()).unwrap();
        assert_eq!(settings.to_typed(), again.to_typed(), "{printed}");
    }
    assert!(!Serve::print(&Settings::parse(Typed::default(), None).unwrap()).unwrap().contains("***"));
}

#[test]
fn what_lies_in_deploy_names_settings_that_there_are() {
    let unit = include_str!("../../deploy/stillhere.service");
    let image = include_str!("../../deploy/Dockerfile");
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let known: Vec<_> = serve.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let words = unit.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
    let words = words.chain(image.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_'));
    // The secret alone has no flag.
    let named: Vec<_> =
        words.filter(|word| word.starts_with("STILLHERE_") && *word != "STILLHERE_JWT_SECRET").collect();
    assert!(named.len() >= 6, "{named:?}");
    assert!(named.iter().all(|name| known.contains(name)), "{named:?} {known:?}");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")).unwrap();
    assert!(Cli::try_parse_from(start.split(' ')).is_ok(), "{start}");
}

//! The reference of all settings, made from the command line's own description and from the presets.

use std::fmt::Write;

use clap::{Arg, Args, Command};

use super::{PRESETS, Typed};

/// Settings that are no flags: their name, where they may stand, and what they mean.
const IN_FILES: [(&str, &str); 5] = [
    (
        "database_url",
        "A PostgreSQL database instead of `data`, as `postgres://user:password@host/name`. Also STILLHERE_DATABASE_URL.",
    ),
    (
        "redis_url",
        "A Redis by which several servers share who is here, as `redis://:password@host:6379/0`; `redis+cluster://` with some \
         of its hosts, `redis+sentinel://` with the sentinels and the service's name; `rediss` for TLS. Also \
         STILLHERE_REDIS_URL.",
    ),
    (
        "idle",
        "Longer intervals for who is idle for long: `[[idle]]` tables with `after_ms`, the time since the last input, and \
         `interval_ms`. The first input is told at once.",
    ),
    (
        "status",
        "The status ladder, best first: `[[status]]` tables with `name`, and the conditions `visible`, \
         `seen_within_ms`, `active_within_ms`. The first rung whose every condition holds counts; below the last one is \
         `offline`.",
    ),
    (
        "webhook",
        "Who is told of what happens: `[[webhook]]` tables with `name`, `url` (https, or http to this machine), `events` (of \
         join, update, leave, online, punch-in, punch-out, auto-out), `format` (standard or slack) and `secret_file`; only \
         about `users`, in `channels`, for `reasons`; with `insecure = true` over plain HTTP to another machine too.",
    ),
];

const SECRETS: &str = "\
## Secrets

They have no flags, as other users of a machine can read a command line: they lie in files that settings name, or in the
environment.

| variable | what |
|---|---|
| `STILLHERE_JWT_SECRET` | Signs tokens and the e-mail gate's cookies; or `jwt_secret_file` |
| `STILLHERE_METRICS_TOKEN` | Opens /metrics; or `metrics_token_file` |
| `STILLHERE_CRON_SECRET` | Lets a cron job sweep; or `cron_secret_file` |
| `STILLHERE_DATABASE_URL` | The PostgreSQL database, with its password; or `database_url` in a file |
| `STILLHERE_REDIS_URL` | The Redis that nodes share, with its password; or `redis_url` in a file |
| `STILLHERE_WEBHOOK_SECRET_<NAME>` | Signs the letters to the webhook of that name, in capital letters and with _ for -; or `secret_file` in its table |
| `STILLHERE_WEBHOOK_URL_<NAME>` | Its address, if that is a secret, as Slack's are; or `url` in its table |
";

/// Every setting: name, flag, variable, what it means and what it is when nobody says; then what each preset says.
#[must_use]
pub fn reference() -> String {
    let command = Typed::augment_args(Command::new("stillhere"));
    let arguments: Vec<_> = command.get_arguments().collect();
    let mut headings: Vec<&str> = arguments.iter().filter_map(|argument| argument.get_help_heading()).collect();
    headings.dedup();
    let mut text = String::from(
        "# Settings\n\n\
         <!-- Made by `stillhere settings`; a test compares. -->\n\n\
         A setting has one name everywhere: `interval_ms` in a TOML file is the flag `--interval-ms` and the variable\n\
         `STILLHERE_INTERVAL_MS`. What counts: flag, then environment, then `--config`, then `--preset`, then the default.\n\
         `stillhere check-config` says whether settings can be followed, `stillhere print-config` what they are in the end.\n",
    );
    for heading in headings {
        let _ = write!(text, "\n## {heading}\n\n| setting | what | when nobody says |\n|---|---|---|\n");
        for argument in arguments.iter().filter(|argument| argument.get_help_heading() == Some(heading)) {
            row(&mut text, argument);
        }
    }
    text.push_str("\n## Only in files\n\n| setting | what |\n|---|---|\n");
    for (name, what) in IN_FILES {
        let _ = writeln!(text, "| `{name}` | {what} |");
    }
    let _ = write!(text, "\n{SECRETS}");
    presets(&mut text);
    text
}

fn row(text: &mut String, argument: &Arg) {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let (what, default) = match help.split_once(" [default: ") {
        Some((what, default)) => (what, format!("`{}`", default.trim_end_matches(']'))),
        None => (help.as_str(), String::new()),
    };
    let values: Vec<_> = argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let is_choice = !values.is_empty() && argument.get_action().takes_values() && values != ["`true`", "`false`"];
    let choice = if is_choice { format!(": {}", values.join(", ")) } else { String::new() };
    // A bar would end the column.
    let what = what.replace('|', "\\|");
    let _ = writeln!(text, "| `{}` | {what}{choice} | {default} |", argument.get_id());
}

/// The presets as they are: their comments say where the numbers are from.
fn presets(text: &mut String) {
    text.push_str("\n## Presets\n\nEach is a settings file that is built in; take it with `--preset`.\n");
    for (name, file) in PRESETS {
        let _ = write!(text, "\n### {name}\n\n```toml\n{}\n```\n", file.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_that_is_published_is_the_one_that_is_made() {
        let published = include_str!("../../SETTINGS.md");
        assert!(
            published == reference(),
            "settings have changed: `cargo run -p stillhere-server -- settings > server/SETTINGS.md` writes it again"
        );
    }

    #[test]
    fn no_setting_is_without_its_line() {
        // Whoever reads a file says which names there are when there is another one.
        let why = Typed::from_toml("nonsense = 1").unwrap_err().to_string();
        let (_, names) = why.split_once("expected one of ").unwrap();
        let reference = reference();
        let names: Vec<_> = names.trim().split(", ").collect();
        assert!(names.len() > 40, "{names:?}");
        for name in names {
            assert!(reference.contains(&format!("\n| {name} | ")), "{name}");
        }
    }
}

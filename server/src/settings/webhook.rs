//! `[[webhook]]` tables: who is told of what happens.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use stillhere_engine::{
    policy::{Policy, Punching},
    tracker::LeaveReason,
    wire::{ChannelName, UserId},
};

use super::{
    Secret, SettingsError,
    webhook_url::{Way, WebhookUrl},
};
use crate::{
    identity::read_key_file,
    limits,
    webhooks::{Event, Format, Hook},
};

/// In front of a hook's name in the environment: what its letters are signed with.
pub(super) const SECRET_VARIABLE: &str = "STILLHERE_WEBHOOK_SECRET_";

/// In front of a hook's name in the environment: its address.
pub(super) const URL_VARIABLE: &str = "STILLHERE_WEBHOOK_URL_";

/// One `[[webhook]]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypedWebhook {
    /// What it is called in the log, the figures and the environment.
    pub name: String,
    /// Where letters go; or STILLHERE_WEBHOOK_URL_<NAME>.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<WebhookUrl>,
    /// What it is told of.
    #[serde(default)]
    pub events: Vec<Event>,
    /// Only of these users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Only in these channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Only for these reasons, of the events that have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What letters look like.
    #[serde(default)]
    pub format: Format,
    /// A file with what letters are signed with, `whsec_…`; or STILLHERE_WEBHOOK_SECRET_<NAME>.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Plain HTTP to another machine.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(is_set: &bool) -> bool {
    !*is_set
}

/// What the environment says of hooks, each by its name in capital letters.
#[derive(Clone, Debug, Default)]
pub struct WebhookSecrets {
    /// What their letters are signed with.
    pub signing: BTreeMap<String, Vec<Secret>>,
    /// Their addresses.
    pub urls: BTreeMap<String, WebhookUrl>,
}

/// All hooks, and what was typed of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Webhooks {
    pub(crate) hooks: Vec<Hook>,
    typed: Vec<TypedWebhook>,
    /// The variables that hold what no file does.
    unwritten: Vec<String>,
}

impl Webhooks {
    /// Finds out what was meant.
    pub(super) fn parse(
        typed: &[TypedWebhook],
        mut secrets: WebhookSecrets,
        policy: &Policy,
    ) -> Result<Self, SettingsError> {
        if typed.len() > limits::WEBHOOKS {
            return Err(SettingsError::new(format!("`webhook`: there are more than {}", limits::WEBHOOKS)));
        }
        let mut all = Self { typed: typed.to_vec(), ..Self::default() };
        for one in typed {
            let name = variable_part(&one.name);
            let signing = secrets.signing.remove(&name);
            let url = secrets.urls.remove(&name);
            let unwritten = [(SECRET_VARIABLE, signing.is_some()), (URL_VARIABLE, url.is_some())];
            all.unwritten.extend(
                unwritten.iter().filter(|(_, is_there)| *is_there).map(|(variable, _)| format!("{variable}{name}")),
            );
            let hook = parse(one, signing, url, policy)
                .map_err(|why| SettingsError::new(format!("`webhook` {:?}: {why}", one.name)))?;
            if all.hooks.iter().any(|known| known.name == hook.name) {
                return Err(SettingsError::new(format!(
                    "`webhook`: {:?} is there twice; give each its own name",
                    one.name
                )));
            }
            all.hooks.push(hook);
        }
        let left = secrets.signing.keys().map(|name| format!("{SECRET_VARIABLE}{name}"));
        let mut left = left.chain(secrets.urls.keys().map(|name| format!("{URL_VARIABLE}{name}")));
        match left.next() {
            Some(variable) => Err(SettingsError::new(format!(
                "there is {variable}, but no `[[webhook]]` of that name would look at it: leave one out"
            ))),
            None => Ok(all),
        }
    }

    /// Everything as it could have been typed. Addresses are shown as far as their host.
    pub(super) fn write(&self) -> Option<Vec<TypedWebhook>> {
        (!self.typed.is_empty()).then(|| self.typed.clone())
    }

    /// The variables in the environment that a printed file does not hold.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = &str> {
        self.unwritten.iter().map(String::as_str)
    }
}

/// A hook's name as it stands in a variable of the environment.
fn variable_part(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

fn parse(
    typed: &TypedWebhook,
    signing: Option<Vec<Secret>>,
    url: Option<WebhookUrl>,
    policy: &Policy,
) -> Result<Hook, String> {
    let letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    let name = typed.name.as_str();
    if name.is_empty() || name.len() > limits::WEBHOOK_NAME_BYTES || !name.bytes().all(letter) {
        return Err(format!("its name must be 1 to {} small letters, digits or -", limits::WEBHOOK_NAME_BYTES));
    }
    check_events(typed, policy)?;
    let part = variable_part(name);
    let url = match (&typed.url, url) {
        (Some(typed), None) if typed.is_hidden() => {
            return Err(format!(
                "its `url` is only what --print-config shows of one; put the whole there, or into {URL_VARIABLE}{part}"
            ));
        }
        (Some(typed), Some(_)) if !typed.is_hidden() => {
            return Err(format!("there are `url` and {URL_VARIABLE}{part}, for the same address: leave one out"));
        }
        (Some(typed), None) => typed.clone(),
        (_, Some(url)) => url,
        (None, None) => return Err(format!("it has no `url`; write one, or put it into {URL_VARIABLE}{part}")),
    };
    let way = if typed.insecure { Way::Insecure } else { Way::Secure };
    Ok(Hook {
        name: name.into(),
        url: url.parse(way).map_err(|why| format!("its `url` {why}"))?,
        format: typed.format,
        secrets: parse_secrets(typed, signing, &part)?,
        events: typed.events.clone(),
        users: parse_all("users", &typed.users, |user| UserId::parse(user).map_err(|rule| rule.to_string()))?,
        channels: parse_all("channels", &typed.channels, |name| parse_channel(name, policy))?,
        reasons: typed.reasons.iter().map(|reason| reason.as_str().into()).collect(),
    })
}

fn parse_all<T>(setting: &str, typed: &[String], parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let one = |text: &String| parse(text).map_err(|why| format!("`{setting}`: {text:?} is none: {why}"));
    if typed.len() > limits::WEBHOOK_NAMES {
        return Err(format!("`{setting}` names more than {}; leave it out to be told of all", limits::WEBHOOK_NAMES));
    }
    typed.iter().map(one).collect()
}

fn parse_channel(name: &str, policy: &Policy) -> Result<ChannelName, String> {
    let channel = ChannelName::parse(name).map_err(|rule| rule.to_string())?;
    if policy.channels.is_empty() || policy.channels.contains(&channel) {
        Ok(channel)
    } else {
        Err("the setting `channels` does not know it".into())
    }
}

/// Nobody waits for what cannot happen.
fn check_events(typed: &TypedWebhook, policy: &Policy) -> Result<(), String> {
    let is_any = |of: fn(Event) -> bool| typed.events.iter().any(|event| of(*event));
    if typed.events.is_empty() {
        return Err("it has no `events`; there are: join, update, leave, online, punch-in, punch-out, auto-out".into());
    }
    if is_any(Event::is_punch) && policy.punching == Punching::Off {
        return Err("it waits for punches, but `punching` is off and there are none".into());
    }
    if is_any(Event::is_punch) && !typed.channels.is_empty() {
        return Err("it waits for punches in `channels`, but a punch is in none: make two webhooks of it".into());
    }
    if !typed.reasons.is_empty() && !is_any(Event::has_reason) {
        return Err("it has `reasons`, but only leave and auto-out have one: leave them out".into());
    }
    let known =
        [LeaveReason::Closed, LeaveReason::Timeout, LeaveReason::Moved, LeaveReason::SignedOut, LeaveReason::Removed];
    let known = known.map(LeaveReason::as_str);
    match typed.reasons.iter().find(|reason| !known.contains(&reason.as_str())) {
        Some(wrong) => Err(format!("`reasons`: {wrong:?} is none; there are: {}", known.join(", "))),
        None => Ok(()),
    }
}

fn parse_secrets(typed: &TypedWebhook, signing: Option<Vec<Secret>>, part: &str) -> Result<Vec<Secret>, String> {
    match (typed.format, &typed.secret_file, signing) {
        (_, Some(_), Some(_)) => {
            Err(format!("there are `secret_file` and {SECRET_VARIABLE}{part}, for the same secret: leave one out"))
        }
        (Format::Slack, None, None) => Ok(Vec::new()),
        (Format::Slack, _, _) => {
            Err("it has a secret, but letters to Slack are not signed and nobody would look at it: leave it out".into())
        }
        (Format::Standard, Some(path), None) => {
            let text = read_key_file(path).map_err(|why| format!("`secret_file`: {} {why}", path.display()))?;
            Secret::of_webhook(&text).map_err(|why| format!("`secret_file`: {why}"))
        }
        (Format::Standard, None, Some(secrets)) => Ok(secrets),
        (Format::Standard, None, None) => Err(format!(
            "it has no secret to sign letters with: put one into {SECRET_VARIABLE}{part} or a file named by `secret_file`, \
             for instance from `echo whsec_$(openssl rand -base64 32)`"
        )),
    }
}

#[cfg(test)]
mod tests;

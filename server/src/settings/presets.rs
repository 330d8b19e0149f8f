//! The presets: settings files that are built in.

use super::{SettingsError, Typed};

/// Each preset's name and file.
pub const PRESETS: [(&str, &str); 6] = [
    ("demo", include_str!("../../presets/demo.toml")),
    ("session-duration", include_str!("../../presets/session-duration.toml")),
    ("punch-clock", include_str!("../../presets/punch-clock.toml")),
    ("who-is-online", include_str!("../../presets/who-is-online.toml")),
    ("module-users", include_str!("../../presets/module-users.toml")),
    ("availability", include_str!("../../presets/availability.toml")),
];

/// The preset of that name.
///
/// # Errors
/// There is none; says which there are.
pub fn preset(name: &str) -> Result<Typed, SettingsError> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    let Some((_, text)) = found else {
        let names: Vec<_> = PRESETS.iter().map(|(name, _)| *name).collect();
        return Err(SettingsError::new(format!("there is no preset `{name}`; there are: {}", names.join(", "))));
    };
    Typed::from_toml(text).map_err(|why| SettingsError::new(format!("preset `{name}`: {why}")))
}

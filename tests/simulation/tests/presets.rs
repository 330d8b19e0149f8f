//! The simulation plays the presets that ship.

use stillhere_server::settings::{Settings, preset};
use stillhere_simulation::preset::Preset;

#[test]
fn each_preset_of_the_simulation_is_the_servers() {
    for played in &Preset::ALL[1..] {
        let typed = preset(played.name()).expect("a preset of this name");
        let shipped = Settings::parse(typed, None).expect("settings that can be followed");
        assert_eq!(format!("{:#?}", played.policy()), format!("{:#?}", shipped.policy()), "{}", played.name());
    }
}

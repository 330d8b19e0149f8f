//! What libFuzzer has once found to reach something of its own, and what it is given to begin with, without libFuzzer.

use std::{fs, path::Path};

use stillhere_fuzz::TARGETS;

#[test]
fn every_saved_input_keeps_every_claim() {
    for (name, check) in TARGETS {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let [saved, seeds] = ["corpus", "seeds"].map(|folder| fs::read_dir(own.join(folder).join(name)));
        let saved = saved.unwrap_or_else(|why| panic!("corpus/{name}: {why}"));
        let mut inputs = 0;
        for entry in saved.chain(seeds.into_iter().flatten()) {
            let path = entry.expect("the folder can be listed").path();
            let bytes = fs::read(&path).expect("an input can be read");
            // The name is what a person needs who wants to see it again.
            println!("cargo xtask fuzz {name} --input {}", path.display());
            check(&bytes);
            inputs += 1;
        }
        assert!(inputs >= 10, "{name} has only {inputs} saved inputs");
    }
}

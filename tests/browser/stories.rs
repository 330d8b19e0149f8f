//! Every story is told once for each engine that can be made to play it, as a test `<file>::<claim>::<engine>`.

use std::fmt::Write;

use stillhere_tests::engine::{Ability, Engine};

/// A claim, and where it is tested.
#[derive(Clone, Copy)]
pub(crate) struct Story {
    /// What browsers do that it is about.
    pub(crate) fact: &'static str,
    pub(crate) claim: &'static str,
    pub(crate) needs: Ability,
    pub(crate) engines: &'static [Engine],
}

/// Makes the tests of a file, and the list of them: `"a fact" needs Ability: claims;`.
macro_rules! stories {
    ($($fact:literal needs $ability:ident: $($claim:ident),+;)+) => {
        pub(crate) const STORIES: &[$crate::stories::Story] = &[$($($crate::stories::Story {
            fact: $fact,
            claim: stringify!($claim),
            needs: stillhere_tests::engine::Ability::$ability,
            engines: stories!(@engines $ability),
        }),+),+];
        $($(mod $claim {
            use stillhere_tests::engine::Engine;
            stories!(@tests $ability $claim);
        })+)+
    };
    (@engines Plain) => { &stillhere_tests::engine::Engine::ALL };
    (@engines Tabs) => {
        &[stillhere_tests::engine::Engine::Chromium, stillhere_tests::engine::Engine::Firefox]
    };
    (@engines CacheOfWatchers) => {
        &[stillhere_tests::engine::Engine::Chromium, stillhere_tests::engine::Engine::Webkit]
    };
    (@engines Blur) => { &[stillhere_tests::engine::Engine::Firefox] };
    (@engines Offline) => { stories!(@engines Tabs) };
    // Whatever only Chromium can be made to do.
    (@engines $ability:ident) => { &[stillhere_tests::engine::Engine::Chromium] };
    (@tests Plain $claim:ident) => {
        stories!(@tests Tabs $claim);
        #[tokio::test]
        async fn webkit() { super::$claim(Engine::Webkit).await; }
    };
    (@tests Tabs $claim:ident) => {
        stories!(@tests Freeze $claim);
        #[tokio::test]
        async fn firefox() { super::$claim(Engine::Firefox).await; }
    };
    (@tests CacheOfWatchers $claim:ident) => {
        stories!(@tests Freeze $claim);
        #[tokio::test]
        async fn webkit() {
            super::$claim(Engine::Webkit).await;
        }
    };
    (@tests Blur $claim:ident) => {
        #[tokio::test]
        async fn firefox() {
            super::$claim(Engine::Firefox).await;
        }
    };
    (@tests Offline $claim:ident) => { stories!(@tests Tabs $claim); };
    (@tests $ability:ident $claim:ident) => {
        #[tokio::test]
        async fn chromium() { super::$claim(Engine::Chromium).await; }
    };
}

/// The part of the README that says what is tested where.
fn in_words(stories: &[Story]) -> String {
    let mut everywhere: Vec<&str> = Vec::new();
    let mut rows: Vec<(&str, Ability)> = Vec::new();
    for story in stories {
        if story.engines.len() == Engine::ALL.len() {
            everywhere.push(story.fact);
        } else {
            rows.push((story.fact, story.needs));
        }
    }
    everywhere.sort_unstable();
    everywhere.dedup();
    rows.sort_by_key(|(fact, _)| *fact);
    rows.dedup_by_key(|(fact, _)| *fact);
    let mut text = format!(
        "In all three: {}.\n\n| not in all | Chromium | Firefox | WebKit |\n|---|---|---|---|\n",
        everywhere.join(", ")
    );
    for (fact, needs) in rows {
        let cells = Engine::ALL.map(|engine| needs.lacking(engine).unwrap_or("tested"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {fact} | {} |", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn each_story_is_told_in_the_engines_that_can_play_it_and_in_no_other() {
        for Story { claim, needs, engines, .. } in crate::all() {
            let able: Vec<Engine> = Engine::ALL.into_iter().filter(|&engine| needs.lacking(engine).is_none()).collect();
            assert_eq!(engines, able, "{claim} needs {needs:?}");
        }
    }

    #[test]
    fn the_readme_says_what_is_tested_in_which_engine() {
        const START: &str = "<!-- engines:start -->\n";
        const END: &str = "<!-- engines:end -->";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
        let readme = fs::read_to_string(&path).unwrap();
        let (before, rest) = readme.split_once(START).expect("README.md has the mark");
        let (said, after) = rest.split_once(END).expect("README.md has the mark of the end");
        let words = in_words(&crate::all());
        if std::env::var_os("STILLHERE_WRITE").is_some() {
            fs::write(path, format!("{before}{START}{words}{END}{after}")).unwrap();
        } else {
            assert_eq!(said, words, "`cargo xtask browsers --write` puts it there");
        }
    }
}

//! The three engines, and what each cannot be made to do.

use std::fmt;

/// What a browser is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chromium, by its own driver.
    Chromium,
    /// Firefox ESR, by geckodriver.
    Firefox,
    /// WebKitGTK's small browser, by WebKitWebDriver, on a screen that nobody sees.
    Webkit,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Webkit];

    /// As it is written for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::Webkit => "WebKit",
        }
    }

    /// What to do where it does not start.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Chromium => "`apt-get install chromium chromium-driver`, or `cargo xtask test`",
            Self::Firefox => {
                "`apt-get install firefox-esr` and `cargo install geckodriver --version =0.37.1`, or `cargo xtask test`"
            }
            Self::Webkit => "`apt-get install webkit2gtk-driver xvfb`, or `cargo xtask test`",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a story wants of an engine that not each of them can be made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// What every engine does.
    Plain,
    /// A page is stopped while it is hidden, and goes on.
    Freeze,
    /// A page is drawn before anybody asks for it.
    Prerender,
    /// The browser itself says that there is no network.
    Offline,
    /// A second tab hides the first.
    Tabs,
    /// Another window takes the keyboard, and the page can still be seen.
    Blur,
    /// A tab that is closed says all that it has to say.
    ClosingTab,
    /// A page that follows a feed is kept for a return.
    CacheOfWatchers,
    /// The browser tells how long each task of a page takes.
    LongTasks,
}

impl Ability {
    /// Why an engine cannot; `None` where it can.
    #[must_use]
    pub const fn lacking(self, engine: Engine) -> Option<&'static str> {
        match (self, engine) {
            (Self::Freeze, Engine::Firefox) => Some("it has no freezing"),
            (Self::Freeze, Engine::Webkit) => Some("its driver cannot freeze a page, and pages hear nothing of it"),
            (Self::Prerender, Engine::Firefox | Engine::Webkit) => Some("it does not prerender"),
            (Self::Offline, Engine::Webkit) => Some("its driver cannot take the network away"),
            (Self::Tabs, Engine::Webkit) => Some("its driver opens windows, which hide nothing"),
            (Self::Blur, Engine::Chromium) => Some("without a screen each of its windows has the keyboard"),
            (Self::Blur, Engine::Webkit) => Some("its screen has nobody who gives the keyboard to a window"),
            (Self::ClosingTab, Engine::Firefox) => Some("it may cut off the script of a tab that is closed"),
            (Self::ClosingTab, Engine::Webkit) => Some("its driver opens a second window unseen"),
            (Self::CacheOfWatchers, Engine::Firefox) => Some("it keeps no page that has a request under way"),
            (Self::LongTasks, Engine::Firefox | Engine::Webkit) => Some("it does not tell of long tasks"),
            _ => None,
        }
    }
}

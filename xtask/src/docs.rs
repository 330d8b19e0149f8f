//! `cargo xtask docs`: the pages below `www/docs/`.
//!
//! An article is written by hand, in HTML. What every page has around it is made, and so is what is written elsewhere already:
//! the settings, and the README's chapters about limits.

mod frame;
mod prose;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::marks;
use crate::project::Project;

const FOLDER: &str = "www/docs";

/// A page of the documentation.
struct Page {
    /// Its file. One in a folder is a part of the page with the folder's name.
    file: &'static str,
    /// In the navigation, and in the title.
    title: &'static str,
    /// For search engines, and for the index.
    description: &'static str,
    /// Modules besides the one that every page has.
    modules: &'static [&'static str],
}

const PLAIN: Page = Page { file: "", title: "", description: "", modules: &[] };

/// All of them, in the order in which they are read.
const PAGES: [Page; 15] = [
    Page {
        file: "index.html",
        title: "Documentation",
        description: "What stillhere is, and where to read on: getting started, the client, the server, and its limits.",
        ..PLAIN
    },
    Page {
        file: "getting-started.html",
        title: "Getting started",
        description: "From nothing to a page that beats: run the server, then add the client by a script tag or from npm.",
        ..PLAIN
    },
    Page {
        file: "silence.html",
        title: "How silence is judged",
        description: "A beat is a promise. What the server makes of a promise that is broken, with a drawing.",
        ..PLAIN
    },
    Page {
        file: "client.html",
        title: "The client",
        description: "Every option, method and event of the client: start, watch, React, Vue, the element and the script tag.",
        ..PLAIN
    },
    Page {
        file: "settings.html",
        title: "Settings",
        description: "Every setting of the server, what it means and what it is when nobody says; and the presets.",
        ..PLAIN
    },
    Page {
        file: "http-api.html",
        title: "HTTP API",
        description: "Every route of the server with its parameters, answers and refusals, and whether to try again.",
        modules: &["http-api.js"],
    },
    Page {
        file: "operation.html",
        title: "Running it",
        description: "Tokens, TLS, PostgreSQL, backups, probes, figures and webhooks: what an operator sets and looks at.",
        ..PLAIN
    },
    Page {
        file: "nodes.html",
        title: "Several servers",
        description: "Any number of servers behind any load balancer: how they are run, what happens when one fails, what they carry.",
        ..PLAIN
    },
    Page {
        file: "migrating.html",
        title: "Migrating",
        description: "The way from a heartbeat of your own to a preset, without a day on which nobody counts.",
        ..PLAIN
    },
    Page {
        file: "migrating/session-duration.html",
        title: "From session durations",
        description: "Visitors' minutes behind an e-mail gate, by hand and with the preset session-duration.",
        ..PLAIN
    },
    Page {
        file: "migrating/punch-clock.html",
        title: "From a punch clock",
        description: "Automatic punch-out, by hand and with the preset punch-clock: code, numbers, and the trap.",
        ..PLAIN
    },
    Page {
        file: "migrating/who-is-online.html",
        title: "From an online list",
        description: "An admin's list of who is online, by hand and with the preset who-is-online.",
        ..PLAIN
    },
    Page {
        file: "migrating/module-users.html",
        title: "From module counts",
        description: "Active users in each module, by hand and with the preset module-users.",
        ..PLAIN
    },
    Page {
        file: "migrating/availability.html",
        title: "From availability",
        description: "Who can be reached, by socket and REST by hand, and with the preset availability.",
        ..PLAIN
    },
    Page {
        file: "limits.html",
        title: "Limits and privacy",
        description: "What cannot be known, what is kept of a person and where, what never is, and how long.",
        ..PLAIN
    },
];

#[derive(clap::Args)]
pub(crate) struct DocsArguments {
    /// Make them, instead of saying which are not as they would be made.
    #[arg(long)]
    write: bool,
}

/// Make the pages, or say which are old.
pub(crate) fn run(project: &Project, arguments: &DocsArguments) -> Result<()> {
    if arguments.write {
        for (path, text) in old(project)? {
            fs::write(project.root.join(&path), text)?;
            println!("  {path} updated");
        }
        return Ok(());
    }
    let stale = stale(project)?;
    if !stale.is_empty() {
        bail!("{} are not as they are made; `cargo xtask docs --write` makes them", stale.join(", "));
    }
    println!("▸ docs: {} pages", PAGES.len());
    Ok(())
}

/// The pages that are not as they would be made.
pub(crate) fn stale(project: &Project) -> Result<Vec<String>> {
    Ok(old(project)?.into_iter().map(|(path, _)| path).collect())
}

/// Such pages, and how they would be.
fn old(project: &Project) -> Result<Vec<(String, String)>> {
    let read = |path: &str| fs::read_to_string(project.root.join(path)).with_context(|| format!("cannot read {path}"));
    let made = [
        ("settings", prose::settings(&read("server/SETTINGS.md")?)),
        ("operation", prose::document(&read("server/OPERATION.md")?)),
        ("nodes", prose::document(&read("server/NODES.md")?)),
        ("silent", prose::chapter(&read("README.md")?, "When nothing is sent")?),
        ("worth", prose::chapter(&read("README.md")?, "What it is worth")?),
        ("limitations", prose::chapter(&read("README.md")?, "Limitations")?),
    ];
    let mut old = Vec::new();
    for (position, page) in PAGES.iter().enumerate() {
        let path = format!("{FOLDER}/{}", page.file);
        let text = read(&path)?;
        let mut article = frame::article(&text).with_context(|| format!("{path} has no <article>"))?.to_owned();
        for (name, inside) in &made {
            article = marks::replaced(&article, name, inside).unwrap_or(article);
        }
        let framed = frame::around(&article, position);
        if framed != text {
            old.push((path, framed));
        }
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_title_and_a_description_of_its_own() {
        for (position, page) in PAGES.iter().enumerate() {
            assert!(!page.title.is_empty() && page.description.ends_with('.'), "{}", page.file);
            assert!(PAGES[..position].iter().all(|other| other.title != page.title && other.file != page.file));
        }
    }
}

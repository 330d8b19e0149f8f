//! What every page has around its article: head, navigation, and the way to its neighbours.

use std::fmt::Write;

use super::{PAGES, Page};

const FRAME: &str = include_str!("frame.html");

/// The article of a page, its tags with it.
pub(super) fn article(text: &str) -> Option<&str> {
    let start = text.find("<article")?;
    let end = text.rfind("</article>")? + "</article>".len();
    text.get(start..end)
}

/// The whole page.
pub(super) fn around(article: &str, position: usize) -> String {
    let page = &PAGES[position];
    let is_index = position == 0;
    let title = if is_index { "stillhere: the documentation" } else { &format!("{} · stillhere", page.title) };
    let modules = ["docs.js"].iter().chain(page.modules);
    let modules: String =
        modules.map(|name| format!("  <script type=\"module\" src=\"/docs/{name}\"></script>\n")).collect();
    // The article last: what is in it is nobody's place.
    FRAME
        .replace("{title}", title)
        .replace("{description}", page.description)
        .replace("{modules}", &modules)
        .replace("{docs}", if is_index { "page" } else { "true" })
        .replace("{pages}", &pages(position, article))
        .replace("{neighbours}", &neighbours(position))
        .replace("{article}", article)
}

/// All pages, and of this one its chapters. Parts of another page are there while one of them is looked at, or the whole.
fn pages(here: usize, article: &str) -> String {
    let mut list = String::new();
    for (position, page) in PAGES.iter().enumerate() {
        let is_part = page.file.contains('/');
        if is_part && whole(page) != whole(&PAGES[here]) {
            continue;
        }
        let class = if is_part { " class=\"part\"" } else { "" };
        let (current, chapters) =
            if position == here { (" aria-current=\"page\"", chapters(article)) } else { ("", String::new()) };
        // Writing to a String does not fail.
        let _ok = writeln!(
            list,
            "        <li><a{class} href=\"{}\"{current}>{}</a>{chapters}</li>",
            address(page),
            page.title
        );
    }
    list
}

/// The name of what a page is a part of, if it is one, and else its own.
fn whole(page: &Page) -> &str {
    page.file.split(['/', '.']).next().unwrap_or_default()
}

fn chapters(article: &str) -> String {
    let headings = article.split("<h2 id=\"").skip(1);
    let chapters: String = headings
        .filter_map(|rest| rest.split_once("\">"))
        .filter_map(|(id, rest)| Some((id, rest.split_once("</h2>")?.0)))
        .map(|(id, words)| format!("\n            <li><a href=\"#{id}\">{words}</a></li>"))
        .collect();
    if chapters.is_empty() { chapters } else { format!("\n          <ul>{chapters}\n          </ul>\n        ") }
}

fn neighbours(here: usize) -> String {
    let before = here.checked_sub(1).and_then(|position| PAGES.get(position));
    let sides = [("prev", "Before this", before), ("next", "Read on", PAGES.get(here + 1))];
    let links = sides.into_iter().filter_map(|(side, words, page)| {
        let page = page?;
        let href = address(page);
        Some(format!(
            "        <a rel=\"{side}\" href=\"{href}\"><small>{words}</small> {title}</a>\n",
            title = page.title
        ))
    });
    links.collect()
}

fn address(page: &Page) -> String {
    format!("/docs/{}", page.file.trim_end_matches("index.html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_article_in_the_frame_and_framing_it_again_changes_nothing() {
        let written = "<article>\n<h1>A</h1>\n<h2 id=\"b\">B <code>c</code></h2>\n</article>";
        let page = around(written, 1);
        assert_eq!(article(&page), Some(written));
        assert_eq!(around(article(&page).unwrap(), 1), page);
        assert!(page.contains("<li><a href=\"#b\">B <code>c</code></a></li>"), "{page}");
    }

    #[test]
    fn a_part_is_listed_while_its_whole_or_another_part_is_looked_at() {
        let lists = |file: &str| {
            let here = PAGES.iter().position(|page| page.file == file).unwrap();
            pages(here, "").contains("/docs/migrating/punch-clock.html")
        };
        let looked = ["migrating.html", "migrating/availability.html", "limits.html"].map(lists);
        assert_eq!(looked, [true, true, false]);
    }

    #[test]
    fn the_first_page_has_nothing_before_it_and_the_last_nothing_after() {
        let has = |position, side: &str| neighbours(position).contains(&format!("rel=\"{side}\""));
        let last = PAGES.len() - 1;
        assert_eq!([has(0, "prev"), has(0, "next")], [false, true]);
        assert_eq!([has(1, "prev"), has(1, "next")], [true, true]);
        assert_eq!([has(last, "prev"), has(last, "next")], [true, false]);
    }
}

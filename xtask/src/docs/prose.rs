//! Markdown that stands elsewhere, as a part of a page.

use anyhow::{Context, Result};
use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The reference of all settings: each row can be linked to by the setting's name.
pub(super) fn settings(markdown: &str) -> String {
    let mut page = String::new();
    for (position, part) in as_html(markdown, "").split("<tr><td><code>").enumerate() {
        let name = part.split_once("</code>").map(|(name, _)| name).filter(|name| is_setting(name));
        match name {
            Some(name) => page.push_str(&format!("<tr id=\"{name}\"><td><code>")),
            None if position > 0 => page.push_str("<tr><td><code>"),
            None => {}
        }
        page.push_str(part);
    }
    page
}

fn is_setting(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_')
}

/// A whole document.
pub(super) fn document(markdown: &str) -> String {
    as_html(markdown, "")
}

/// What the README says under a heading, without the heading.
pub(super) fn chapter(readme: &str, heading: &str) -> Result<String> {
    let lines = readme.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading).skip(1);
    let lines: Vec<_> = lines.take_while(|line| !line.starts_with('#')).collect();
    (!lines.is_empty())
        .then(|| as_html(&lines.join("\n"), heading))
        .with_context(|| format!("README.md has no chapter {heading}"))
}

/// What stands below `heading`.
fn as_html(markdown: &str, heading: &str) -> String {
    let mut page = String::new();
    html::push_html(&mut page, events(markdown, heading.to_owned()).into_iter());
    page
}

/// What is in it, without its title and its comments.
fn events(markdown: &str, mut heading: String) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    let (mut is_title, mut is_head, mut is_link) = (false, false, false);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match &event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => is_title = true,
            Event::Start(Tag::TableHead) | Event::End(TagEnd::TableHead) => is_head = !is_head,
            // Where files of the project are is of no use to who reads a page.
            Event::Start(Tag::Link { dest_url, .. }) => {
                is_link = dest_url.starts_with("https://") || dest_url.starts_with('#');
            }
            _ => {}
        }
        let before = events.last_mut();
        match event {
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => is_title = false,
            _ if is_title => {}
            Event::Html(_) | Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link) if !is_link => {}
            Event::Text(words) => {
                if let Some(Event::Start(Tag::Heading { id, .. })) = before {
                    *id = Some(slug(&words).into());
                    words.as_ref().clone_into(&mut heading);
                }
                events.push(Event::Text(words));
            }
            // Whoever hears a table read wants a name for each column.
            Event::End(TagEnd::TableCell) if is_head && matches!(before, Some(Event::Start(Tag::TableCell))) => {
                events.extend([Event::Text("which".into()), event]);
            }
            _ => events.extend(boxed(event, &heading)),
        }
    }
    events
}

/// What may be wider than a phone can be moved by the keyboard too, and says what it is. Nothing brings a style of its own.
fn boxed<'a>(event: Event<'a>, heading: &str) -> Vec<Event<'a>> {
    let moves = |kind: &str| format!("tabindex=\"0\" role=\"group\" aria-label=\"{kind}: {heading}\"");
    match event {
        Event::Start(Tag::Table(columns)) => vec![
            made(format!("<div class=\"wide\" {}>\n", moves("Table"))),
            Event::Start(Tag::Table(vec![Alignment::None; columns.len()])),
        ],
        Event::End(TagEnd::Table) => vec![event, made("</div>\n".to_owned())],
        Event::Start(Tag::CodeBlock(_)) => vec![made(format!("<pre {}><code>", moves("Code")))],
        Event::End(TagEnd::CodeBlock) => vec![made("</code></pre>\n".to_owned())],
        _ => vec![event],
    }
}

/// As a part of an address.
fn slug(heading: &str) -> String {
    let letters = heading.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    letters.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

fn made(html: String) -> Event<'static> {
    Event::Html(CowStr::from(html))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_can_be_linked_to_and_its_table_says_what_it_is() {
        let page = settings(
            "# Settings\n\n<!-- made -->\n\n## Only here\n\n| setting | what |\n|---|---|\n| `a_ms` | `b` |\n| `S_<N>` | c |\n",
        );
        assert!(page.starts_with("<h2 id=\"only-here\">Only here</h2>\n<div class=\"wide\" "), "{page}");
        assert!(page.contains("aria-label=\"Table: Only here\""), "{page}");
        assert!(page.contains("<tr id=\"a_ms\"><td><code>a_ms</code></td><td><code>b</code>"), "{page}");
        assert!(page.contains("<tr><td><code>S_&lt;N&gt;</code></td>"), "{page}");
    }

    #[test]
    fn a_link_to_a_file_of_the_project_is_its_words() {
        let page = document("[a](../README.md), [b](https://example.com/) and [c](#d)");
        assert_eq!(page, "<p>a, <a href=\"https://example.com/\">b</a> and <a href=\"#d\">c</a></p>\n");
    }

    #[test]
    fn a_table_names_itself_and_each_column_and_has_no_style() {
        let page = chapter("## Worth\n\n| a | |\n|---|--:|\n| | 1 |\n", "Worth").unwrap();
        assert!(page.contains("aria-label=\"Table: Worth\""), "{page}");
        assert!(page.contains("<th>a</th><th>which</th>"), "{page}");
        assert!(page.contains("<tr><td></td><td>1</td></tr>"), "{page}");
    }

    #[test]
    fn a_chapter_ends_where_the_next_one_begins() {
        let readme = "# a\n\n## One\n\ntext\n\n### Two\n\n- a `b`\n  c\n\n## Three\n";
        assert_eq!(chapter(readme, "Two").unwrap(), "<ul>\n<li>a <code>b</code>\nc</li>\n</ul>\n");
        assert_eq!(chapter(readme, "One").unwrap(), "<p>text</p>\n");
        assert!(chapter(readme, "Four").unwrap_err().to_string().contains("Four"));
    }
}

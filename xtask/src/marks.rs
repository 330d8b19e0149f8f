//! Places in files that commands fill, each between two marks of one name.

/// What stands between the marks; `None` without both in order.
#[cfg(test)]
pub(crate) fn within<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let [start, end] = marks(name);
    Some(text.split_once(&start)?.1.split_once(&end)?.0)
}

/// The text with something else between the marks; `None` without both in order.
pub(crate) fn replaced(text: &str, name: &str, inside: &str) -> Option<String> {
    let [start, end] = marks(name);
    let (before, rest) = text.split_once(&start)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{start}\n{inside}{end}{after}"))
}

/// Both marks, as comments of Markdown and HTML.
pub(crate) fn marks(name: &str) -> [String; 2] {
    ["start", "end"].map(|side| format!("<!-- {name}:{side} -->"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let text = "# a\n<!-- size:start -->\nold\n<!-- size:end -->\nrest\n";
        let updated = replaced(text, "size", "new\n").unwrap();
        assert_eq!(updated, "# a\n<!-- size:start -->\nnew\n<!-- size:end -->\nrest\n");
        assert_eq!(replaced(&updated, "size", "new\n").unwrap(), updated);
        assert_eq!(within(&updated, "size"), Some("\nnew\n"));
    }

    #[test]
    fn a_text_without_both_marks_in_order_is_left_alone() {
        assert_eq!(replaced("# a\n", "size", "new\n"), None);
        assert_eq!(replaced("<!-- size:end --> <!-- size:start -->", "size", "new\n"), None);
    }
}

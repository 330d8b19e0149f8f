//! The comparison in README.md.

use std::{fs, io, path::Path};

const START: &str = "<!-- simulation:start -->";
const END: &str = "<!-- simulation:end -->";

/// Puts the block between the two marks.
///
/// # Errors
/// A file that cannot be read or written, or that has no marks.
pub(super) fn write(file: &Path, block: &str) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let marks =
        || io::Error::other(format!("it has no `{START}` with `{END}` after it; add both, each on its own line"));
    fs::write(file, replace(&text, block).ok_or_else(marks)?)
}

fn replace(text: &str, block: &str) -> Option<String> {
    let (before, rest) = text.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{START}\n{block}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let text = format!("# a\n{START}\nold\n{END}\nrest\n");
        assert_eq!(replace(&text, "new\n"), Some(format!("# a\n{START}\nnew\n{END}\nrest\n")));
        assert_eq!(replace("# a\n", "new\n"), None);
        assert_eq!(replace(&format!("{END} {START}"), "new\n"), None);
    }
}

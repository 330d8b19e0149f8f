//! The table of the five systems names tests; each must be there.

use super::Finding;

/// Where the table is.
pub(super) const FILE: &str = "tests/USE-CASES.md";

/// What the table says is shown by a test that is not there. A file's name in backticks goes before the names of its tests.
pub(super) fn check(table: &str, read: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in table.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let mut wrong = |what| findings.push(Finding { path: FILE.to_owned(), line: number + 1, what });
        let mut tests = None;
        for word in line.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") {
                tests = read(word);
                if tests.is_none() {
                    wrong(format!("there is no {word}"));
                }
            } else if is_claim(word) && !tests.as_ref().is_some_and(|text| text.contains(&format!("fn {word}("))) {
                wrong(format!("the file before it has no test {word}"));
            }
        }
    }
    findings
}

/// Claims are sentences; settings and commands are not so long.
fn is_claim(word: &str) -> bool {
    word.matches('_').count() >= 4 && word.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_without_its_test_is_found_and_one_with_it_is_not() {
        let table = "| row | `a.rs`: `one_two_three_four_five`, `a_claim_that_nobody_shows`; `b.rs`: `x` |\n`no.rs`\n";
        let read = |path: &str| (path == "a.rs").then(|| "async fn one_two_three_four_five() {".to_owned());
        let found: Vec<_> = check(table, read).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, ["the file before it has no test a_claim_that_nobody_shows", "there is no b.rs"]);
    }
}

//! E-mail addresses as visitors type them, brought to one spelling.

use stillhere_engine::wire::UserId;
use unicode_normalization::UnicodeNormalization;

use crate::limits;

/// The one spelling of an address: without space around it, in small letters, each letter in its composed form (an `é`
/// is one code point on some keyboards and two on others). It is the visitor's user id, so whoever writes their address
/// in two ways is one visitor all the same.
///
/// Whether such a mailbox exists only a letter could tell; this only looks at what can be none.
///
/// # Errors
/// A sentence for the visitor.
pub(crate) fn normalise(typed: &str) -> Result<UserId, String> {
    let address: String = typed.trim().to_lowercase().nfc().collect();
    let none = || Err("`email` is no e-mail address; it looks like ann@example.com.".to_owned());
    let Some((local, domain)) = address.rsplit_once('@') else { return none() };
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control() || "@,;:<>()[]\\\"".contains(letter);
    let has_gap = |part: &str| part.split('.').any(str::is_empty);
    if address.chars().filter(|&letter| letter != '@').any(is_odd) || local.contains('@') {
        return none();
    }
    if has_gap(local) || has_gap(domain) || domain.starts_with('-') {
        return none();
    }
    if local.len() > limits::EMAIL_LOCAL_BYTES {
        return Err(format!("`email` is longer before the @ than the {} bytes of any.", limits::EMAIL_LOCAL_BYTES));
    }
    UserId::parse(&address).map_err(|_| {
        format!("`email` is longer than the {} bytes of any address.", stillhere_engine::limits::USER_BYTES)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_visitor_has_one_spelling() {
        for typed in ["ann@example.com", "  Ann@Example.COM\n", "ANN@EXAMPLE.COM"] {
            assert_eq!(normalise(typed).unwrap().as_str(), "ann@example.com", "{typed:?}");
        }
        assert_eq!(
            normalise("Zoë.O'Neill+tag@xn--bcher-kva.example").unwrap().as_str(),
            "zoë.o'neill+tag@xn--bcher-kva.example"
        );
        assert!(normalise("ann@intranet").is_ok());
        let (composed, decomposed) = ("zo\u{eb}@example.com", "ZOE\u{308}@example.com");
        assert_eq!(normalise(decomposed).unwrap().as_str(), composed);
    }

    #[test]
    fn what_can_be_no_address_is_refused() {
        for typed in [
            "",
            " ",
            "ann",
            "@",
            "ann@",
            "@example.com",
            "a b@example.com",
            "ann@exam ple.com",
            "ann@@example.com",
            "ann@bob@example.com",
            "ann@example..com",
            "ann@.example.com",
            ".ann@example.com",
            "ann@-example.com",
            "Ann <ann@example.com>",
            "ann@example.com,bob@example.com",
            "ann@example.com\nbcc:all@example.com",
            "ann\0@example.com",
        ] {
            assert!(normalise(typed).unwrap_err().contains("ann@example.com"), "{typed:?}");
        }
        assert!(normalise(&format!("{}@example.com", "a".repeat(65))).unwrap_err().contains("64"));
        assert!(normalise(&format!("ann@{}", "a.".repeat(200) + "example")).unwrap_err().contains("254"));
    }
}

//! As much of HTTP/1.1 as a generator needs.

use std::io::Write;

/// A POST with a body that says it is text, as a page's beat does.
pub(super) fn post(path: &str, body: &[u8], out: &mut Vec<u8>) {
    // Writing into memory does not fail.
    let _ok = write!(
        out,
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0\r\n\
         accept: */*\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    out.extend_from_slice(body);
}

/// The first whole answer: how long it is, and its status. `None`: it is still coming.
///
/// # Errors
/// It is none.
pub(super) fn answer(input: &[u8]) -> Result<Option<(usize, u16)>, String> {
    let Some(head) = find(input, b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&input[..head]).map_err(|_| "the answer's head is no text")?;
    let status = text.get(9..12).and_then(|status| status.parse::<u16>().ok());
    let status = status.filter(|_| text.starts_with("HTTP/1.1 ")).ok_or_else(|| format!("no answer: {text:?}"))?;
    let length = text.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = head + 4 + length.unwrap_or(0);
    Ok((input.len() >= whole).then_some((whole, status)))
}

/// Where the text begins.
pub(super) fn find(within: &[u8], text: &[u8]) -> Option<usize> {
    within.windows(text.len()).position(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(answer(&text[..40]), Ok(None));
        assert_eq!(answer(text), Ok(Some((41, 200))));
        assert_eq!(answer(&text[41..]), Ok(Some((text.len() - 41, 204))));
        assert!(answer(b"220 mail\r\n\r\n").is_err());
    }
}

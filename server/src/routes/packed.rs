//! Files as browsers take them over the wire: compressed once, as hard as can be, and kept.
//!
//! A layer that compresses each answer anew has no time to do it well, and what a page downloads would be more than
//! what is promised.

use std::{
    io::{self, Write},
    sync::Arc,
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use quick_cache::sync::Cache;
use rust_embed::EmbeddedFile;

use crate::limits;

/// How the bytes of an answer are packed, the best last.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Coding {
    Gzip,
    Brotli,
}

impl Coding {
    /// The name in headers, and the end of the tag of what is packed so.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// The one that the browser likes best, if it likes any; among equals, the smaller.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let liked = [Self::Gzip, Self::Brotli].map(|coding| (liking(headers, coding.name()), coding));
        liked
            .into_iter()
            .filter(|(liking, _)| *liking > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, coding)| coding)
    }

    fn pack(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut packed = Vec::new();
        match self {
            Self::Gzip => {
                let mut gzip = GzEncoder::new(&mut packed, Compression::best());
                gzip.write_all(plain)?;
                gzip.finish()?;
            }
            Self::Brotli => {
                // Quality 11 is its default.
                let hints = BrotliEncoderParams { size_hint: plain.len(), ..BrotliEncoderParams::default() };
                brotli::BrotliCompress(&mut &plain[..], &mut packed, &hints)?;
            }
        }
        Ok(packed)
    }
}

/// How much a coding is wanted, from 0 to 1. What is not named is liked as the star is; without one, not at all.
fn liking(headers: &HeaderMap, coding: &str) -> f32 {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let offers = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let (mut named, mut star) = (None, 0.0);
    for offer in offers {
        let (name, rest) = offer.split_once(';').unwrap_or((offer, ""));
        let weight = rest.split_once('=').map_or(Ok(1.0), |(_, weight)| weight.trim().parse()).unwrap_or(0.0);
        match name.trim() {
            "*" => star = weight,
            name if name.eq_ignore_ascii_case(coding) => named = Some(weight),
            _ => {}
        }
    }
    named.unwrap_or(star)
}

/// What has been packed so far: at most what the binary carries, in a debug build also what it was before a change.
pub(super) struct Packed {
    files: Cache<([u8; 32], Coding), Bytes>,
}

impl Packed {
    /// Nothing is packed before somebody wants it.
    pub(super) fn new() -> Self {
        Self { files: Cache::new(limits::FILES_PACKED) }
    }

    /// The file's bytes in this coding. Who comes while it is being packed waits for that.
    pub(super) async fn file(self: &Arc<Self>, file: EmbeddedFile, coding: Coding) -> io::Result<Bytes> {
        let key = (file.metadata.sha256_hash(), coding);
        let packing = async {
            // A tenth of a second for the largest: other answers do not wait for it.
            let packing = tokio::task::spawn_blocking(move || coding.pack(&file.data));
            packing.await.map_err(io::Error::other)?.map(Bytes::from)
        };
        self.files.get_or_insert_async(&key, packing).await
    }
}

/// Whether packing gains anything: text and code shrink, pictures and fonts are packed already, and what fits into the
/// first packet is there as soon as the headers are.
pub(super) fn is_worth_packing(content_type: &str, length: usize) -> bool {
    let shrinks = content_type.starts_with("text/")
        || ["application/json", "application/wasm", "image/svg+xml"].contains(&content_type);
    shrinks && length > limits::PLAIN_FILE_BYTES
}

/// Whether a browser says that it has what this tag names. A proxy on the way may have weakened the tag.
pub(super) fn is_known(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    known.flat_map(|line| line.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn wanted(offers: &[&'static str]) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for offer in offers {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(offer));
        }
        Coding::wanted(&headers)
    }

    #[test]
    fn the_coding_is_the_smallest_of_those_that_are_liked_best() {
        for offers in [&["gzip, deflate, br, zstd"][..], &["gzip", "br"], &["BR"], &["*"], &["gzip;q=0.5,br;q=0.8"]] {
            assert_eq!(wanted(offers), Some(Coding::Brotli), "{offers:?}");
        }
        for offers in ["gzip", "br;q=0.5, gzip", "br;q=0, *", "br; q=0 , gzip ; q=0.1", "br;q=much, gzip"] {
            assert_eq!(wanted(&[offers]), Some(Coding::Gzip), "{offers}");
        }
        for offers in ["", "identity", "zstd, deflate", "gzip;q=0, br;q=0", "*;q=0"] {
            assert_eq!(wanted(&[offers]), None, "{offers}");
        }
    }

    #[test]
    fn what_is_packed_is_smaller_and_the_same() {
        let plain = "still here, ".repeat(500).into_bytes();
        let gzip = Coding::Gzip.pack(&plain).unwrap();
        let mut whole = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut whole).unwrap();
        assert!(whole == plain && gzip.len() < 100);
        let brotli = Coding::Brotli.pack(&plain).unwrap();
        let mut whole = Vec::new();
        brotli::BrotliDecompress(&mut &brotli[..], &mut whole).unwrap();
        assert!(whole == plain && brotli.len() < 100);
    }

    #[test]
    fn a_tag_is_known_alone_in_a_list_and_weakened() {
        let etag = HeaderValue::from_static("\"1f-br\"");
        let is_known = |tags: &'static str| {
            is_known(&HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(tags))]), &etag)
        };
        assert!(["\"1f-br\"", "W/\"1f-br\"", "\"0a\", \"1f-br\"", "*"].into_iter().all(is_known));
        assert!(!["\"1f\"", "\"1f-gzip\"", "1f-br", ""].into_iter().any(is_known));
    }
}

//! Who is at the other end of the line: the address that a request is from.
//!
//! A proxy asks for others and says for whom, in a header that anybody can send. So it is believed only of the proxies
//! that the settings name, only in the one header that they write themselves, and only as far as the chain of them goes.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use ipnet::IpNet;

use crate::{
    limits,
    settings::{Operation, ProxyHeader},
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What the connection says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// The address at the other end of a connection.
    pub(crate) fn new(address: SocketAddr) -> Self {
        // An IPv4 address is one, whichever kind of socket it came to.
        Self(address.ip().to_canonical())
    }
}

/// A request that came over no connection, as in tests, is from this machine.
impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(IpAddr::V6(Ipv6Addr::LOCALHOST))))
    }
}

/// Whom a request is from, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) address: IpAddr,
    /// Whether somebody says to ask for somebody else, and is not believed.
    is_hearsay: bool,
}

impl Caller {
    /// Whether it is certainly a program of this machine that asks for itself.
    pub(crate) const fn is_local(self) -> bool {
        self.address.is_loopback() && !self.is_hearsay
    }

    /// What is counted for it: one line has one IPv4 address, or a /64 of IPv6, in which it can choose freely.
    pub(crate) fn line(self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => self.address,
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        }
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub(crate) struct Proxies {
    trusted: Vec<IpNet>,
    header: ProxyHeader,
}

impl Proxies {
    /// Follows the settings.
    pub(crate) fn new(operation: &Operation) -> Self {
        Self { trusted: operation.trusted_proxies.clone(), header: operation.proxy_header }
    }

    /// Whom the request is from: the nearest address that is no proxy of ours.
    pub(crate) fn caller(&self, Peer(peer): Peer, headers: &HeaderMap) -> Caller {
        if !self.trusts(peer) {
            let is_hearsay = headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(header::FORWARDED);
            return Caller { address: peer, is_hearsay };
        }
        let mut address = peer;
        for hop in self.hops(headers) {
            // What cannot be read was not written by ours: the one who handed it on is as near as it gets.
            let Some(hop) = hop else { return Caller { address, is_hearsay: true } };
            address = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        Caller { address, is_hearsay: false }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// The addresses that were passed on, nearest first; `None` for one that cannot be read.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.header {
            ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
            ProxyHeader::Forwarded => header::FORWARDED,
        };
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).take(limits::HOPS);
        match self.header {
            ProxyHeader::XForwardedFor => hops.map(address).collect(),
            ProxyHeader::Forwarded => hops.map(|hop| address(forwarded_for(hop)?)).collect(),
        }
    }
}

/// The `for` of one element of `Forwarded` (RFC 7239, 4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn caller(header: ProxyHeader, peer: &str, fields: &[(HeaderName, &str)]) -> (String, bool) {
        let trusted = ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()).to_vec();
        let headers =
            fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        let caller = Proxies { trusted, header }.caller(Peer(peer.parse().unwrap()), &headers);
        (caller.address.to_string(), caller.is_hearsay)
    }

    #[test]
    fn a_header_counts_only_from_a_proxy_of_ours() {
        let by = |peer, value| caller(ProxyHeader::XForwardedFor, peer, &[(X_FORWARDED_FOR, value)]);
        assert_eq!(by("192.0.2.7", "198.51.100.1"), ("192.0.2.7".into(), true));
        assert_eq!(by("127.0.0.1", "198.51.100.1"), ("198.51.100.1".into(), false));
        assert_eq!(by("127.0.0.1", "198.51.100.1:4711"), ("198.51.100.1".into(), false));
        assert_eq!(by("fd00::1", "2001:db8::1"), ("2001:db8::1".into(), false));
        assert_eq!(by("127.0.0.1", "[2001:db8::1]:4711"), ("2001:db8::1".into(), false));
        assert_eq!(by("127.0.0.1", "::ffff:198.51.100.1"), ("198.51.100.1".into(), false));
    }

    #[test]
    fn what_the_client_itself_put_into_the_header_is_passed_over() {
        let by = |value| caller(ProxyHeader::XForwardedFor, "127.0.0.1", &[(X_FORWARDED_FOR, value)]).0;
        assert_eq!(by("203.0.113.9, 198.51.100.1"), "198.51.100.1");
        assert_eq!(by("203.0.113.9, 198.51.100.1, 10.1.1.1"), "198.51.100.1", "one proxy behind another");
        assert_eq!(by("unknown, 10.1.1.1"), "10.1.1.1");
        assert_eq!(by("not an address"), "127.0.0.1");
        let two = [(X_FORWARDED_FOR, "203.0.113.9"), (X_FORWARDED_FOR, "198.51.100.1")];
        assert_eq!(caller(ProxyHeader::XForwardedFor, "127.0.0.1", &two).0, "198.51.100.1");
    }

    #[test]
    fn the_header_that_the_proxies_do_not_write_is_anybodys() {
        let both = [(X_FORWARDED_FOR, "203.0.113.9"), (header::FORWARDED, "for=198.51.100.1;proto=https")];
        assert_eq!(caller(ProxyHeader::Forwarded, "127.0.0.1", &both).0, "198.51.100.1");
        assert_eq!(caller(ProxyHeader::XForwardedFor, "127.0.0.1", &both).0, "203.0.113.9");
        let quoted = [(header::FORWARDED, "for=203.0.113.9, FOR=\"[2001:db8::1]:1\";by=10.0.0.1")];
        assert_eq!(caller(ProxyHeader::Forwarded, "127.0.0.1", &quoted).0, "2001:db8::1");
        let obscured = [(header::FORWARDED, "for=_hidden")];
        assert_eq!(caller(ProxyHeader::Forwarded, "127.0.0.1", &obscured), ("127.0.0.1".into(), true));
    }

    #[test]
    fn a_line_of_ipv6_counts_as_one_however_many_addresses_it_uses() {
        let line = |text: &str| Caller { address: text.parse().unwrap(), is_hearsay: false }.line();
        assert_eq!(line("2001:db8:1:2:3::4"), line("2001:db8:1:2:ffff::"));
        assert_ne!(line("2001:db8:1:2::"), line("2001:db8:1:3::"));
        assert_ne!(line("192.0.2.1"), line("192.0.2.2"));
    }
}

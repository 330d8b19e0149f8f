//! Signatures of letters, as Standard Webhooks 1.0 says.

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::settings::Secret;

/// What stands in `webhook-signature`: one signature by each secret, so that whoever knows either believes it. The moment is
/// that of the attempt, in seconds: an old letter that somebody has copied is not believed again.
pub(super) fn sign(secrets: &[Secret], message: &str, at_s: u64, body: &str) -> String {
    let content = format!("{message}.{at_s}.{body}");
    let one = |secret: &Secret| {
        // A MAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose()).ok()?;
        mac.update(content.as_bytes());
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's own libraries are tested with.
    const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT_S: u64 = 1_614_265_330;
    const BODY: &str = "{\"test\": 2432232314}";
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn a_signature_is_the_one_of_the_specifications_example() {
        let secrets = Secret::of_webhook(SECRET.as_bytes()).unwrap();
        assert_eq!(sign(&secrets, MESSAGE, AT_S, BODY), SIGNATURE);
        for (message, at_s, body) in [("msg_x", AT_S, BODY), (MESSAGE, AT_S + 1, BODY), (MESSAGE, AT_S, "{}")] {
            assert_ne!(sign(&secrets, message, at_s, body), SIGNATURE);
        }
    }

    #[test]
    fn while_one_secret_follows_the_other_there_is_a_signature_by_each() {
        let both = Secret::of_webhook(format!("whsec_{} {SECRET}", "A".repeat(32)).as_bytes()).unwrap();
        let signatures = sign(&both, MESSAGE, AT_S, BODY);
        let signatures: Vec<_> = signatures.split(' ').collect();
        assert_eq!((signatures.len(), signatures[1]), (2, SIGNATURE));
        assert!(signatures[0].starts_with("v1,") && signatures[0] != SIGNATURE);
    }
}

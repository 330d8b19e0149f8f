//! A page of the tests' own: a heart, and nothing else.

/// Where it is, if a test has put one there.
pub(crate) const HEART: &str = "/test/heart";

/// True once a beat of it has been answered.
pub(crate) const READY: &str = "document.documentElement.dataset.ready === 'true'";

/// The page, with more options than the usual ones. `heard` is what its heart has told.
pub(crate) fn with_heart(options: &str) -> String {
    format!(
        r#"<!doctype html><title>heart</title><script type="module">
        import {{ start }} from "/client/index.js";
        window.heard = {{ status: [], beat: [], wait: [], ended: [], error: [] }};
        window.heart = await start({{ endpoint: "/v1", token: "ann", {options} }});
        for (const kind in heard) heart.on(kind, (event) => heard[kind].push(event));
        heart.on("beat", ({{ ok }}) => {{ if (ok) document.documentElement.dataset.ready = true; }});
        document.documentElement.dataset.started = true;
        </script>"#
    )
}

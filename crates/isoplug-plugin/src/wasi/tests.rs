//! Tests of what may be imported.

use insta::assert_snapshot;

use super::*;

#[test]
fn what_a_plugin_may_import_is_fixed() {
    assert!(accepts("wasi:cli/stdout@0.2.6").is_ok());
    assert!(accepts("wasi:io/streams@0.2.0").is_ok());
    let refusal = |name| accepts(name).unwrap_err();
    assert_snapshot!(
        refusal("wasi:sockets/tcp@0.2.0"),
        @"plugins have no network; use `context.fetch`, which takes a digest, and the grant `fetch`"
    );
    assert_snapshot!(
        refusal("wasi:cli/stdout@0.3.0"),
        @"this is not in the part of WASI that plugins get: cli, io, clocks, random and filesystem of 0.2, none of which reaches the build machine"
    );
    assert_snapshot!(
        refusal("env"),
        @"plugins import `isoplug:plugin` and a part of WASI 0.2, and nothing else"
    );
}

//! What is no component of a plugin is refused before anything of it runs.

use insta::assert_snapshot;

use crate::guest::Guest;
use crate::space::Space;

/// Returns why bytes are no component of a plugin.
fn refusal(bytes: &[u8]) -> String {
    Space::new().runtime.component(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_no_component_is_refused_before_it_is_compiled() {
    let whole = Guest::contributor().bytes();
    assert!(
        refusal(&whole[..whole.len() / 2]).starts_with("not a usable component: unexpected end")
    );
    assert!(refusal(b"ELF").starts_with("not a usable component: "));
    assert_snapshot!(
        refusal(&wat::parse_str("(module)").unwrap()),
        @"not a usable component: it is a core module; `isoplug plugin build` makes a component of it"
    );
    let space = Space::new();
    for cut in (0..whole.len()).step_by(97) {
        let _ = space.runtime.component(&whole[..cut]);
    }
}

#[test]
fn what_is_no_plugin_is_refused_before_it_is_compiled() {
    assert_snapshot!(
        refusal(&wat::parse_str("(component)").unwrap()),
        @"the component is not an isoplug plugin: it does not export `describe`"
    );
    assert_snapshot!(
        refusal(&wat::parse_str("(component (import \"run\" (func)))").unwrap()),
        @"the component imports `run`: plugins import whole interfaces only"
    );
    assert_snapshot!(
        refusal(&vec![0; (64 << 20) + 1]),
        @"the component has 67108865 bytes, and 67108864 is the limit"
    );
}

//! The profiles that are shipped inside the program.

/// The names of the shipped profiles.
pub const NAMES: &[&str] = &[
    "isoplug:minimal",
    "isoplug:rescue",
    "isoplug:desktop",
    "isoplug:kiosk",
    "isoplug:installer",
    "isoplug:target",
];

/// Returns the text of a shipped profile.
#[must_use]
pub fn profile(name: &str) -> Option<&'static str> {
    match name {
        "isoplug:minimal" => Some(include_str!("../profiles/minimal.toml")),
        "isoplug:desktop" => Some(include_str!("../profiles/desktop.toml")),
        "isoplug:kiosk" => Some(include_str!("../profiles/kiosk.toml")),
        "isoplug:rescue" => Some(include_str!("../profiles/rescue.toml")),
        "isoplug:installer" => Some(include_str!("../profiles/installer.toml")),
        "isoplug:target" => Some(include_str!("../profiles/target.toml")),
        _ => None,
    }
}

//! Looks for what each option alone allows and what is still a mistake, or probably one.

use crate::diagnostic::Diagnostic;
use crate::merge::Setting;
use crate::options::Options;

/// Looks at the options of a profile.
pub(crate) fn lint(
    _options: &Options,
    _settings: &Setting,
    _profile: &str,
    _diagnostics: &mut Vec<Diagnostic>,
) {
}

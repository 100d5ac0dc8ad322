//! How the profile uses plugins. What they contribute is theirs: each of their modules is asked as a part is.

use crate::by::By;
use crate::part;

/// It reads nothing: the evaluation asks plugins before any part.
pub(crate) struct Part;

impl part::Part for Part {
    fn by(&self) -> By {
        By::Part("plugins")
    }

    fn owns(&self) -> &[&str] {
        &["plugins"]
    }
}

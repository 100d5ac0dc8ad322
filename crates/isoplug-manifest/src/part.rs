//! A part: one subject of the manifest. Its fields are all that it reads.
//!
//! A part says what its options ask of the rest of the image, always because of an option, and what is wrong
//! with them. It makes no file: its contributor does that, in `isoplug-image`. What a plugin's module sets is
//! said through the same trait, and so is what a part says that is added to the built-in ones ([`Extra`](crate::Extra)).

mod contribution;
mod lint;

use crate::by::By;

pub use contribution::{Because, Contribution, MenuEntry, Needed, Package};
pub(crate) use contribution::{Fragment, Reason};
pub use lint::Lint;

/// One subject of the manifest.
pub trait Part {
    /// Who it is.
    fn by(&self) -> By;

    /// The tables and options that are its own, by their paths. Every option belongs to exactly one part.
    fn owns(&self) -> &[&str];

    /// Says what its options ask of the rest of the image. The same fields give the same answer.
    fn contribute(&self, _out: &mut Contribution) {}

    /// Reports what each option alone allows and what together is a mistake, or probably one.
    fn lint(&self, _lint: &mut Lint<'_>) {}
}

impl<P: Part + ?Sized> Part for &P {
    fn by(&self) -> By {
        (**self).by()
    }

    fn owns(&self) -> &[&str] {
        (**self).owns()
    }

    fn contribute(&self, out: &mut Contribution) {
        (**self).contribute(out);
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        (**self).lint(lint);
    }
}

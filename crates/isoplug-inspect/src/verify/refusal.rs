//! Why an image, or what lies beside it, is refused: a word for each kind, which stays the same for machines.
//!
//! Knows no exit code: each class of kinds has one, which the command chooses.

use serde::Serialize;

/// Why something is refused. Of several the first one here decides: what lies beside a changed image fits it no more either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The image is not the one that was published, or the medium not what its own list says.
    TamperedImage,
    /// A file in the image is not what its package ships.
    TamperedContent,
    /// What was signed is another image.
    OtherProduct,
    /// What was signed, or the provenance, is of an older or a newer build of this image.
    Replayed,
    /// Signed by a key that is not believed.
    UnknownKey,
    /// Signed by a key that is no longer believed.
    ExpiredKey,
    /// A signature of a believed key does not hold, or is of a form that is not believed.
    BadSignature,
    /// Fewer believed keys have signed than must.
    TooFewSignatures,
    /// A bill of materials was changed, or is not of this image.
    TamperedBill,
    /// The provenance was changed, or is not of this image.
    TamperedProvenance,
    /// The lock was changed, or does not pin what is in the image.
    TamperedLock,
    /// Another file beside the image was changed.
    TamperedPaper,
    /// A file that a list of checksums names is not there, or the list does not name the image.
    MissingPaper,
    /// The provenance names another lock than the one that is there.
    OtherBuild,
    /// The project gives other bytes.
    NotReproduced,
    /// Nothing is refused: why something could not be decided.
    Undecided,
}

/// Kinds that mean the same to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The image itself.
    Image,
    /// What was signed is of another image or build.
    Elsewhere,
    /// Who signed it.
    Signer,
    /// What lies beside the image.
    Papers,
    /// The rebuild.
    Rebuild,
    /// Nothing.
    Nothing,
}

/// What is wrong, or was in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Of which kind it is.
    pub kind: Refusal,
    /// What was found.
    pub text: String,
}

impl Refusal {
    /// Returns what is wrong, with words for people.
    #[must_use]
    pub fn fault(self, text: impl Into<String>) -> Fault {
        Fault { kind: self, text: text.into() }
    }

    /// Returns the class of it.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::TamperedImage | Self::TamperedContent => Class::Image,
            Self::OtherProduct | Self::Replayed => Class::Elsewhere,
            Self::UnknownKey | Self::ExpiredKey | Self::BadSignature | Self::TooFewSignatures => {
                Class::Signer
            }
            Self::TamperedBill
            | Self::TamperedProvenance
            | Self::TamperedLock
            | Self::TamperedPaper
            | Self::MissingPaper
            | Self::OtherBuild => Class::Papers,
            Self::NotReproduced => Class::Rebuild,
            Self::Undecided => Class::Nothing,
        }
    }
}

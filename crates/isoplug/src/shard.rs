//! A share of the images, for one of several machines that build them together. Knows no other machine: each deals the
//! same list out in the same way.

use std::str::FromStr;

use crate::pick::Pick;

/// The share of one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Which, from 1.
    index: usize,
    /// Of how many.
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (index, of) = text.split_once('/').ok_or("expected I/N, such as 1/4")?;
        let number = |text: &str| {
            text.parse().map_err(|_| format!("`{text}` is not a number; expected I/N, such as 1/4"))
        };
        let (index, of): (usize, usize) = (number(index)?, number(of)?);
        match (index, of) {
            (_, 0) => Err("there cannot be 0 shards".to_owned()),
            (0, _) => Err("shards are counted from 1".to_owned()),
            _ if index > of => Err(format!("there is no shard {index} of {of}")),
            _ => Ok(Self { index, of }),
        }
    }
}

impl Shard {
    /// Returns the images of this share, sorted by profile and architecture.
    pub(crate) fn deal(self, mut picks: Vec<Pick>) -> Vec<Pick> {
        picks.sort();
        picks.into_iter().skip(self.index - 1).step_by(self.of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dealt(shard: &str, profiles: &str) -> String {
        let pick = |profile: &str| Pick { profile: profile.to_owned(), arch: "amd64".to_owned() };
        let picks = profiles.split(' ').map(pick).collect();
        let dealt = shard.parse::<Shard>().unwrap().deal(picks);
        dealt.iter().map(|pick| pick.profile.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_image_is_of_one_share_whatever_the_order() {
        assert_eq!(dealt("1/3", "e d c b a"), "a d");
        assert_eq!(dealt("2/3", "a b c d e"), "b e");
        assert_eq!(dealt("3/3", "c a e d b"), "c");
        assert_eq!(dealt("1/1", "b a"), "a b");
        assert_eq!(dealt("4/4", "b a"), "");
    }

    #[test]
    fn what_is_no_share_is_told_why() {
        let wrong = |text: &str| text.parse::<Shard>().unwrap_err();
        assert_eq!(wrong("3"), "expected I/N, such as 1/4");
        assert_eq!(wrong("a/4"), "`a` is not a number; expected I/N, such as 1/4");
        assert_eq!(wrong("-1/4"), "`-1` is not a number; expected I/N, such as 1/4");
        assert_eq!(wrong("0/4"), "shards are counted from 1");
        assert_eq!(wrong("5/4"), "there is no shard 5 of 4");
        assert_eq!(wrong("1/0"), "there cannot be 0 shards");
    }
}

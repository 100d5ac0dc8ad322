//! Decompresses LZO1X, which older live systems use.
//!
//! Source: Documentation/staging/lzo.rst of Linux. Squashfs knows no later versions of the stream.

use std::io;

use crate::bad;

struct Stream<'a> {
    bytes: &'a [u8],
    at: usize,
    out: Vec<u8>,
    most: usize,
}

impl Stream<'_> {
    fn byte(&mut self) -> io::Result<usize> {
        let byte = *self.bytes.get(self.at).ok_or_else(|| bad("a block ends early"))?;
        self.at += 1;
        Ok(usize::from(byte))
    }

    /// Reads a length that may go on in further bytes.
    fn length(&mut self, code: usize, mask: usize) -> io::Result<usize> {
        if code & mask != 0 {
            return Ok(code & mask);
        }
        let mut length = mask;
        loop {
            match self.byte()? {
                0 if length > self.most => return Err(bad("a run is too long")),
                0 => length += 255,
                last => return Ok(length + last),
            }
        }
    }

    fn literals(&mut self, count: usize) -> io::Result<()> {
        let end = self.at + count;
        let run = self.bytes.get(self.at..end).ok_or_else(|| bad("a block ends early"))?;
        self.out.extend_from_slice(run);
        self.at = end;
        self.room()
    }

    fn copy(&mut self, distance: usize, length: usize) -> io::Result<()> {
        let from = self
            .out
            .len()
            .checked_sub(distance)
            .ok_or_else(|| bad("a block looks back too far"))?;
        if length > self.most {
            return Err(bad("a run is too long"));
        }
        for at in from..from + length {
            self.out.push(self.out[at]);
        }
        self.room()
    }

    fn room(&self) -> io::Result<()> {
        if self.out.len() > self.most {
            Err(bad("a block is larger than it may be"))
        } else {
            Ok(())
        }
    }

    /// Reads the two bytes that follow most instructions: a distance and how many literals come after.
    fn tail(&mut self) -> io::Result<(usize, usize)> {
        let low = self.byte()?;
        let both = low | self.byte()? << 8;
        Ok((both >> 2, both & 3))
    }

    /// Runs one instruction and returns the state for the next: how many literals it had, 4 for more than three.
    /// At the end it returns nothing.
    fn step(&mut self, code: usize, state: usize) -> io::Result<Option<usize>> {
        if code < 16 && state == 0 {
            let run = self.length(code, 15)? + 3;
            self.literals(run)?;
            return Ok(Some(4));
        }
        let Some((distance, length, next)) = self.instruction(code, state)? else {
            return Ok(None);
        };
        self.copy(distance, length)?;
        self.literals(next)?;
        Ok(Some(next))
    }

    /// Reads an instruction that copies: how far back, how many bytes, how many literals come after.
    fn instruction(
        &mut self,
        code: usize,
        state: usize,
    ) -> io::Result<Option<(usize, usize, usize)>> {
        Ok(Some(match code {
            0..=15 => {
                let (far, length) = if state == 4 { (2049, 3) } else { (1, 2) };
                ((self.byte()? << 2) + (code >> 2) + far, length, code & 3)
            }
            16..=31 => {
                let length = self.length(code, 7)? + 2;
                let (near, next) = self.tail()?;
                let distance = 16384 + ((code & 8) << 11) + near;
                return Ok((distance != 16384).then_some((distance, length, next)));
            }
            32..=63 => {
                let length = self.length(code, 31)? + 2;
                let (near, next) = self.tail()?;
                (near + 1, length, next)
            }
            64..=127 => ((self.byte()? << 3) + (code >> 2 & 7) + 1, 3 + (code >> 5 & 1), code & 3),
            _ => ((self.byte()? << 3) + (code >> 2 & 7) + 1, 5 + (code >> 5 & 3), code & 3),
        }))
    }
}

/// Decompresses a block that has no more than `most` bytes.
pub(super) fn decompress(bytes: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let mut stream = Stream { bytes, at: 0, out: Vec::with_capacity(most), most };
    let mut state = 0;
    if bytes.first().is_some_and(|first| *first > 17) {
        let run = stream.byte()? - 17;
        stream.literals(run)?;
        state = run.min(4);
    }
    loop {
        let code = stream.byte()?;
        match stream.step(code, state)? {
            Some(next) => state = next,
            None => return Ok(stream.out),
        }
    }
}

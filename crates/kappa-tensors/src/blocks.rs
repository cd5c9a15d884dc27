//! A text in blocks of whole lines, so that all threads read it.

use std::borrow::Cow;

use rayon::prelude::*;

/// The length of a block in bytes. It does not depend on the number of threads, and nor does what is read.
const LENGTH: usize = 1 << 18;

/// Some lines of a text.
pub(crate) struct Block<'a> {
    text: Cow<'a, str>,
    /// The number of its first line.
    line: usize,
    /// How many lines with content the blocks before it have, and how many it has itself.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl Block<'_> {
    /// The lines with content and their numbers.
    pub(crate) fn lines(&self, is_content: fn(&str) -> bool) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate().map(|(k, text)| (self.line + k, text));
        numbered.filter(move |(_, text)| is_content(text))
    }
}

/// The blocks of a text whose first line has this number. Bytes that are no UTF-8 are replaced.
pub(crate) fn blocks(text: &[u8], line: usize, is_content: fn(&str) -> bool) -> Vec<Block<'_>> {
    let mut blocks: Vec<(Block<'_>, usize)> = (parts(text).into_par_iter())
        .map(|part| {
            let block = Block { text: String::from_utf8_lossy(part), line: 0, first: 0, count: 0 };
            let count = block.lines(is_content).count();
            (Block { count, ..block }, part.iter().filter(|&&b| b == b'\n').count())
        })
        .collect();
    let (mut line, mut first) = (line, 0);
    for (block, lines) in &mut blocks {
        (block.line, block.first) = (line, first);
        (line, first) = (line + *lines, first + block.count);
    }
    blocks.into_iter().map(|(block, _)| block).collect()
}

/// The text cut behind line feeds.
fn parts(mut text: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while text.len() > LENGTH {
        let Some(end) = text[LENGTH..].iter().position(|&b| b == b'\n') else { break };
        let (part, rest) = text.split_at(LENGTH + end + 1);
        parts.push(part);
        text = rest;
    }
    parts.push(text);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_content(line: &str) -> bool {
        !line.trim().is_empty()
    }

    #[test]
    fn lines_and_contents_are_counted_across_blocks() {
        let mut text = "é 1\r\n\n".repeat(100_000);
        text.push_str("last");
        let blocks = blocks(text.as_bytes(), 7, is_content);
        assert!(blocks.len() > 1);
        let all: Vec<(usize, &str)> = blocks.iter().flat_map(|block| block.lines(is_content)).collect();
        assert_eq!(all.len(), 100_001);
        assert!(all.iter().take(100_000).enumerate().all(|(k, line)| *line == (7 + 2 * k, "é 1")));
        assert_eq!(all[100_000], (200_007, "last"));
        assert!(blocks.windows(2).all(|pair| pair[1].first == pair[0].first + pair[0].count));
    }

    #[test]
    fn a_text_without_lines_is_one_block() {
        assert_eq!(blocks(b"", 1, is_content).len(), 1);
        let long = vec![b'1'; 3 * LENGTH];
        assert_eq!(blocks(&long, 1, is_content).len(), 1);
    }
}

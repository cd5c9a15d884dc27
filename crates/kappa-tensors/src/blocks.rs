//! A text in blocks of whole lines, so that all threads read it.

use std::borrow::Cow;

use rayon::prelude::*;

/// The length of a block in bytes. It does not depend on the number of threads, and nor does what is read.
const LENGTH: usize = 1 << 18;

/// Some lines of a text.
pub(crate) struct Block<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Where it begins in the whole text.
    pub(crate) start: usize,
    /// The number of its first line.
    line: usize,
    /// How many lines with content the blocks before it have, and how many it has itself.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl Block<'_> {
    /// The lines with content and their numbers.
    pub(crate) fn lines(&self, is_content: fn(&str) -> bool) -> impl Iterator<Item = (usize, &str)> {
        lines(&self.text).zip(self.line..).map(|(text, line)| (line, text)).filter(move |(_, text)| is_content(text))
    }
}

/// The lines of a text, as [`str::lines`] gives them in more time.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let bytes = &text.as_bytes()[start..];
        if bytes.is_empty() {
            return None;
        }
        let length = memchr::memchr(b'\n', bytes);
        let line = &text[start..start + length.unwrap_or(bytes.len())];
        start += length.map_or(bytes.len(), |length| length + 1);
        // A line that does not end keeps its CR.
        Some(if length.is_some() { line.strip_suffix('\r').unwrap_or(line) } else { line })
    })
}

/// The blocks of a text whose first line has this number. Bytes that are no UTF-8 are replaced.
pub(crate) fn blocks(text: &[u8], line: usize, is_content: fn(&str) -> bool) -> Vec<Block<'_>> {
    let mut blocks: Vec<(Block<'_>, &[u8])> = (parts(text).into_par_iter())
        .map(|part| {
            let block = Block { text: text_of(part), start: 0, line: 0, first: 0, count: 0 };
            let count = plain_lines(part).unwrap_or_else(|| block.lines(is_content).count());
            (Block { count, ..block }, part)
        })
        .collect();
    let (mut start, mut line, mut first) = (0, line, 0);
    for (block, part) in &mut blocks {
        (block.start, block.line, block.first) = (start, line, first);
        let lines = memchr::memchr_iter(b'\n', part).count();
        (start, line, first) = (start + part.len(), line + lines, first + block.count);
    }
    blocks.into_iter().map(|(block, _)| block).collect()
}

/// The number of lines of a part in which each surely has content, as in most texts of one number a line.
fn plain_lines(part: &[u8]) -> Option<usize> {
    let is_odd = |b: &u8| (*b <= b' ' && *b != b'\n') || matches!(b, b'%' | b'#') || !b.is_ascii();
    let is_plain = part.iter().filter(|b| is_odd(b)).count() == 0
        && !part.starts_with(b"\n")
        && memchr::memmem::find(part, b"\n\n").is_none();
    let is_open = part.last().is_some_and(|&b| b != b'\n');
    is_plain.then(|| memchr::memchr_iter(b'\n', part).count() + usize::from(is_open))
}

/// The bytes as text; those that are no UTF-8 are replaced.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    // The replacement reads byte by byte, and few texts need it.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
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
    fn lines_are_those_of_the_library() {
        for text in ["", "a", "a\n", "a\n\nb", "a\r\nb\r", "\n", "\r\n", "é\rx\n\r\r\n"] {
            assert!(lines(text).eq(text.lines()), "{text:?}");
        }
    }

    #[test]
    fn plain_lines_are_counted_without_looking_at_them() {
        for text in ["", "1\n2", "1\n2\n", "-1\n2\n\n3", "\n1", "1\n#\n2", "1\r\n2", "é\n1", "1 2\n"] {
            let known = plain_lines(text.as_bytes());
            let found = lines(text).filter(|line| is_content(line)).count();
            assert!(known.is_none_or(|known| known == found), "{text:?}: {known:?}, not {found}");
        }
        assert_eq!((plain_lines(b"1\n2\n3"), plain_lines(b"1\n2\n")), (Some(3), Some(2)));
    }

    #[test]
    fn a_text_without_lines_is_one_block() {
        assert_eq!(blocks(b"", 1, is_content).len(), 1);
        let long = vec![b'1'; 3 * LENGTH];
        assert_eq!(blocks(&long, 1, is_content).len(), 1);
    }
}

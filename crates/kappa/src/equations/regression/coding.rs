//! The coding of categorical factors: the levels that a term adds to the model without redundant columns.

use std::collections::HashMap;

use super::formula::Factor;

/// The columns of a factor in one part of a term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Levels {
    /// The factor is absent.
    None,
    /// All levels; a numeric factor itself.
    All,
    /// All levels but the reference.
    Contrasts,
}

/// The span of the terms so far: for each product of numeric factors, sets of categorical factors.
///
/// A product of categorical factors with all their levels spans the products of contrasts of all their subsets,
/// including the empty one, 1. A term adds the subsets that no earlier term contains; two subsets that differ by the
/// contrasts of one factor are equivalent to that factor with all its levels.
pub(super) struct Coding {
    spanned: HashMap<Vec<String>, Vec<Vec<String>>>,
}

/// Maximum number of categorical factors in one term for which subsets are enumerated.
const MOST: usize = 12;

impl Coding {
    pub(super) fn new(has_constant: bool) -> Self {
        let constant = has_constant.then(|| (Vec::new(), vec![Vec::new()]));
        Self { spanned: constant.into_iter().collect() }
    }

    /// The new parts of a term; `kinds` marks its categorical factors.
    pub(super) fn parts(&mut self, factors: &[Factor], kinds: &[bool]) -> Vec<Vec<Levels>> {
        let mut numbers: Vec<String> = of_kind(factors, kinds, false).map(|k| factors[k].to_string()).collect();
        numbers.sort();
        let mut categories: Vec<usize> = of_kind(factors, kinds, true).collect();
        categories.dedup_by_key(|k| factors[*k].column());
        if categories.len() > MOST {
            return vec![vec![Levels::All; factors.len()]];
        }
        let spanned = self.spanned.entry(numbers).or_default();
        let mut subsets: Vec<u32> = (0..1 << categories.len()).collect();
        subsets.sort_by_key(|set: &u32| set.count_ones());
        let mut parts = Vec::new();
        for set in subsets {
            let inside = |k: &usize| set >> k & 1 == 1;
            let mut names: Vec<String> =
                (0..categories.len()).filter(inside).map(|k| factors[categories[k]].column().to_owned()).collect();
            names.sort();
            if spanned.contains(&names) {
                continue;
            }
            spanned.push(names);
            let mut part: Vec<Levels> =
                kinds.iter().map(|is_category| if *is_category { Levels::None } else { Levels::All }).collect();
            (0..categories.len()).filter(inside).for_each(|k| part[categories[k]] = Levels::Contrasts);
            parts.push(part);
        }
        while absorb(&mut parts, kinds) {}
        parts
    }
}

fn of_kind<'a>(factors: &'a [Factor], kinds: &'a [bool], is_category: bool) -> impl Iterator<Item = usize> + 'a {
    (0..factors.len()).filter(move |&k| kinds[k] == is_category)
}

/// Merges a part with the same part times the contrasts of one more factor: together they are that factor with all its
/// levels.
fn absorb(parts: &mut Vec<Vec<Levels>>, kinds: &[bool]) -> bool {
    for i in 0..parts.len() {
        for j in 0..parts.len() {
            let differ: Vec<usize> = (0..kinds.len()).filter(|&k| parts[i][k] != parts[j][k]).collect();
            if let [k] = differ[..]
                && (parts[i][k], parts[j][k]) == (Levels::None, Levels::Contrasts)
            {
                parts[j][k] = Levels::All;
                parts.remove(i);
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(coding: &mut Coding, factors: &[(&str, bool)]) -> Vec<Vec<Levels>> {
        let named: Vec<Factor> = factors.iter().map(|(name, _)| Factor::Column((*name).into())).collect();
        coding.parts(&named, &factors.iter().map(|f| f.1).collect::<Vec<_>>())
    }

    #[test]
    fn terms_add_what_is_new() {
        use Levels::{All, Contrasts};
        let (g, h, x) = (("g", true), ("h", true), ("x", false));
        let mut with = Coding::new(true);
        assert_eq!(parts(&mut with, &[g]), [[Contrasts]]);
        assert_eq!(parts(&mut with, &[x]), [[All]]);
        assert_eq!(parts(&mut with, &[g, x]), [[Contrasts, All]]);
        assert_eq!(parts(&mut with, &[h, x]), [[Contrasts, All]]);
        assert_eq!(parts(&mut with, &[x]), [[All]; 0]);
        let mut without = Coding::new(false);
        assert_eq!(parts(&mut without, &[g]), [[All]]);
        assert_eq!(parts(&mut without, &[h]), [[Contrasts]]);
        assert_eq!(parts(&mut Coding::new(false), &[g, h]), [[All, All]]);
        // With a constant: (g without the reference) + (all g : h without the reference), or the like: 6 columns with
        // the constant.
        assert_eq!(parts(&mut Coding::new(true), &[g, h]).len(), 2);
        assert_eq!(parts(&mut Coding::new(true), &[x, g]), [[All, All]]);
    }
}

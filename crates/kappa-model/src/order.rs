//! The order of tensors: layer 2 before layer 10.

use std::cmp::Ordering;
use std::collections::HashMap;

use kappa_tensors::TensorInfo;

/// The tensors in the order of their file, or by their names, with numbers as such, where the file has a later number
/// before an earlier one, as files do that are sorted letter by letter.
pub(crate) fn ordered(infos: &[TensorInfo]) -> Vec<&TensorInfo> {
    let mut found: Vec<&TensorInfo> = infos.iter().collect();
    if !is_in_order(infos) {
        found.sort_by(|a, b| natural(&a.name, &b.name));
    }
    found
}

/// Whether no name comes before one with a smaller number because of its letters, as `h.10` before `h.2`.
fn is_in_order(infos: &[TensorInfo]) -> bool {
    let mut last: HashMap<String, (Vec<u64>, &str)> = HashMap::new();
    infos.iter().all(|info| {
        let (words, numbers): (Vec<&str>, Vec<&str>) = runs(&info.name).partition(|run| !is_number(run));
        let numbers: Vec<u64> = numbers.iter().map(|number| number.parse().unwrap_or(u64::MAX)).collect();
        let key = words.join("#");
        let is_sorted = |(before, name): &(Vec<u64>, &str)| *before > numbers && *name < info.name.as_str();
        let is_fine = !last.get(&key).is_some_and(is_sorted);
        last.insert(key, (numbers, &info.name));
        is_fine
    })
}

/// The names letter by letter, and number by number.
fn natural(a: &str, b: &str) -> Ordering {
    let one = |(x, y): (&str, &str)| match (is_number(x), is_number(y)) {
        (true, true) => {
            let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        }
        _ => x.cmp(y),
    };
    let differs = runs(a).zip(runs(b)).map(one).find(|order| order.is_ne());
    differs.unwrap_or_else(|| runs(a).count().cmp(&runs(b).count())).then_with(|| a.cmp(b))
}

fn is_number(run: &str) -> bool {
    run.starts_with(|c: char| c.is_ascii_digit())
}

/// The longest parts of a name with digits only, and without digits.
fn runs(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let is_digit = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kappa_tensors::DType;

    fn of(names: &[&str]) -> Vec<String> {
        let info = |name: &&str| TensorInfo { name: (*name).into(), dtype: DType::F32, shape: vec![1] };
        let infos: Vec<TensorInfo> = names.iter().map(info).collect();
        ordered(&infos).into_iter().map(|info| info.name.clone()).collect()
    }

    #[test]
    fn two_comes_before_ten() {
        let sorted = ["head", "h.0.w", "h.1.w", "h.10.w", "h.2.w", "wte"];
        assert_eq!(of(&sorted), ["h.0.w", "h.1.w", "h.2.w", "h.10.w", "head", "wte"]);
        let flax = ["layers_10/kernel", "layers_2/kernel"];
        assert_eq!(of(&flax), ["layers_2/kernel", "layers_10/kernel"]);
        assert_eq!(natural("a2", "a02"), Ordering::Greater);
        assert_eq!(natural("x.99999999999999999999", "x.100000000000000000000"), Ordering::Less);
        assert_eq!((natural("a", "a1"), natural("é2", "é10")), (Ordering::Less, Ordering::Less));
    }

    #[test]
    fn the_order_of_a_model_is_kept() {
        let model = ["wte", "h.0.b", "h.0.a", "h.1.b", "h.1.a", "h.10.b", "head"];
        assert_eq!(of(&model), model);
        let backwards = ["w.3", "w.2", "w.1"];
        assert_eq!(of(&backwards), backwards);
    }
}

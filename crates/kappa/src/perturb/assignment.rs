/// The assignment problem for a square table: the column of each row, with the least total cost (Kuhn, Munkres; by
/// shortest augmenting paths, O(n³)).
pub(super) fn assignment(n: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    // The sums of costs and potentials stay finite, so that every search ends.
    let most = f64::MAX / (8 * (n + 1)) as f64;
    let cost = |i: usize, j: usize| Some(cost(i, j)).filter(|c| !c.is_nan()).map_or(most, |c| c.clamp(-most, most));
    // Potentials u, v and the row matched to each column, counted from 1; 0 stands for none.
    let (mut u, mut v) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    let (mut matched, mut way) = (vec![0usize; n + 1], vec![0usize; n + 1]);
    for row in 1..=n {
        matched[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; n + 1];
        let mut used = vec![false; n + 1];
        loop {
            used[column] = true;
            let (i, mut delta, mut next) = (matched[column], f64::INFINITY, 0);
            for j in (1..=n).filter(|&j| !used[j]) {
                let reduced = cost(i - 1, j - 1) - u[i] - v[j];
                if reduced < least[j] {
                    (least[j], way[j]) = (reduced, column);
                }
                if least[j] < delta {
                    (delta, next) = (least[j], j);
                }
            }
            for j in 0..=n {
                if used[j] {
                    u[matched[j]] += delta;
                    v[j] -= delta;
                } else {
                    least[j] -= delta;
                }
            }
            column = next;
            if matched[column] == 0 {
                break;
            }
        }
        while column != 0 {
            let before = way[column];
            matched[column] = matched[before];
            column = before;
        }
    }
    let mut result = vec![0; n];
    (1..=n).for_each(|j| result[matched[j] - 1] = j - 1);
    result
}

#[cfg(test)]
mod tests {
    use super::assignment;

    #[test]
    fn costs_without_end_end() {
        let mut order = assignment(3, |i, j| if i == j { f64::NAN } else { f64::INFINITY });
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2]);
    }

    #[test]
    fn no_other_order_is_cheaper() {
        fn least(cost: &[Vec<f64>], row: usize, used: &mut Vec<bool>) -> f64 {
            if row == cost.len() {
                return 0.0;
            }
            let mut best = f64::INFINITY;
            for j in 0..cost.len() {
                if !used[j] {
                    used[j] = true;
                    best = best.min(cost[row][j] + least(cost, row + 1, used));
                    used[j] = false;
                }
            }
            best
        }
        for seed in 0..50u64 {
            let n = (seed % 6) as usize;
            let cost: Vec<Vec<f64>> = (0..n)
                .map(|i| (0..n).map(|j| ((seed + 3) * (i as u64 * 7 + j as u64 * 13 + 5) % 17) as f64).collect())
                .collect();
            let found: f64 = assignment(n, |i, j| cost[i][j]).iter().enumerate().map(|(i, &j)| cost[i][j]).sum();
            assert_eq!(found, least(&cost, 0, &mut vec![false; n]), "{cost:?}");
        }
    }
}

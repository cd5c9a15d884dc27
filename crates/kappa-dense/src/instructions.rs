//! The instruction set that kernels use.

use std::sync::LazyLock;

use pulp::Arch;

/// The environment variable that limits it: `scalar` for the baseline of the target, `v3` for AVX2 and FMA.
const VARIABLE: &str = "KAPPA_INSTRUCTIONS";

/// The widest registers of this machine, or those that [`VARIABLE`] names. Tests use it to run the kernels of other
/// machines, and users to reproduce the digits of such a machine. faer makes its own choice.
pub(crate) fn instructions() -> Arch {
    static CHOSEN: LazyLock<Arch> = LazyLock::new(|| of(std::env::var(VARIABLE).ok().as_deref()));
    *CHOSEN
}

/// The instruction set of a name, if the machine has it.
fn of(name: Option<&str>) -> Arch {
    #[cfg(target_arch = "x86_64")]
    match name {
        Some("scalar") => return Arch::Scalar,
        Some("v3") => return pulp::x86::V3::try_new().map_or(Arch::Scalar, Arch::V3),
        _ => {}
    }
    let _ = name;
    Arch::new()
}

/// AVX2 and FMA, for kernels written for them.
#[cfg(target_arch = "x86_64")]
pub(crate) fn avx2() -> Option<pulp::x86::V3> {
    match instructions() {
        Arch::Scalar => None,
        _ => pulp::x86::V3::try_new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn fewer_instructions_are_had_by_name() {
        let has_avx2 = pulp::x86::V3::try_new().is_some();
        assert!(matches!(of(Some("scalar")), Arch::Scalar));
        assert_eq!(matches!(of(Some("v3")), Arch::V3(_)), has_avx2);
        for all in [None, Some("all")] {
            assert_eq!(matches!(of(all), Arch::Scalar), !has_avx2);
        }
    }
}

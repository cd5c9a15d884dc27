//! The engine is new enough to multiply correctly.

use super::packages::Package;

/// Older versions return wrong products, without an error, from order 5000 on.
const GEMM_FLOOR: [u64; 3] = [0, 1, 22];

pub(super) fn check(packages: &[Package]) -> Result<(), String> {
    for package in packages.iter().filter(|p| p.name == "private-gemm-x86") {
        let version: Vec<u64> = package.version.split('.').filter_map(|part| part.parse().ok()).collect();
        if version.as_slice() < GEMM_FLOOR.as_slice() {
            let version = &package.version;
            return Err(format!(
                "Cargo.lock holds private-gemm-x86 {version}, which multiplies wrongly from order 5000 on"
            ));
        }
        println!("engine: private-gemm-x86 {}", package.version);
    }
    Ok(())
}

/// faer reported failure without detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failed;

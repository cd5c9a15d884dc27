//! Norms, condition numbers, ranks and singular values of matrices, each with an error bound

//! Bytes to named tensors: safetensors, NumPy, Matrix Market and tables; knows nothing of mathematics

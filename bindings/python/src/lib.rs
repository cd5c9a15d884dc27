//! The Python package kappa

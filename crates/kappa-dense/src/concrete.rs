//! Calls from generic code to functions compiled for one type of entry in this crate.
//!
//! A generic function is compiled into every crate that calls it. Functions that take long to compile are therefore
//! written for one type each, and their arguments are converted from the generic type to that type.

use std::any::{Any, TypeId, type_name};

use bytemuck::Pod;

/// The same value as type `B`. Panics unless the two types are equal.
pub(crate) fn value<A: 'static, B: 'static>(a: A) -> B {
    let mut a = Some(a);
    let same = (&mut a as &mut dyn Any).downcast_mut::<Option<B>>().and_then(Option::take);
    same.unwrap_or_else(|| panic!("{} is not {}", type_name::<A>(), type_name::<B>()))
}

/// The same reference as type `&B`. Panics unless the two types are equal.
pub(crate) fn reference<A: 'static, B: 'static>(a: &A) -> &B {
    let same = (a as &dyn Any).downcast_ref();
    same.unwrap_or_else(|| panic!("{} is not {}", type_name::<A>(), type_name::<B>()))
}

/// The same entries as type `B`. Panics unless the two types are equal.
pub(crate) fn entries<A: Pod, B: Pod>(a: &mut [A]) -> &mut [B] {
    assert!(TypeId::of::<A>() == TypeId::of::<B>(), "{} is not {}", type_name::<A>(), type_name::<B>());
    bytemuck::cast_slice_mut(a)
}

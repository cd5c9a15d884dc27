//! From generic code to functions that this crate compiles for one type of entry.
//!
//! A generic function is compiled into every crate that calls it. What takes long to compile is therefore called
//! through a function for one type, and its arguments pass from the generic name of the type to its own.

use std::any::{Any, TypeId, type_name};

use bytemuck::Pod;

/// The same value, under another name of its type. Panics where the types differ.
pub(crate) fn value<A: 'static, B: 'static>(a: A) -> B {
    let mut a = Some(a);
    let same = (&mut a as &mut dyn Any).downcast_mut::<Option<B>>().and_then(Option::take);
    same.unwrap_or_else(|| panic!("{} is not {}", type_name::<A>(), type_name::<B>()))
}

/// The same reference, under another name of its type. Panics where the types differ.
pub(crate) fn reference<A: 'static, B: 'static>(a: &A) -> &B {
    let same = (a as &dyn Any).downcast_ref();
    same.unwrap_or_else(|| panic!("{} is not {}", type_name::<A>(), type_name::<B>()))
}

/// The same entries, under another name of their type. Panics where the types differ.
pub(crate) fn entries<A: Pod, B: Pod>(a: &mut [A]) -> &mut [B] {
    assert!(TypeId::of::<A>() == TypeId::of::<B>(), "{} is not {}", type_name::<A>(), type_name::<B>());
    bytemuck::cast_slice_mut(a)
}

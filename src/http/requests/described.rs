//! Bodies that are described once: beside each member stands how it is read.

/// Makes a body: what the document says of it, and `take`, which reads its members. Each is read by the method named, of
/// the object that the body came as; where the document shows another type than the one it is read into, that is `as` the former.
macro_rules! described {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $body:ident $(<$life:lifetime>)? of $fields:ident {
            $($(#[$about:meta])* $member:ident: $kind:ty $(as $shown:ty)? = $how:ident($($argument:expr),*),)*
        }
    ) => {
        #[derive(utoipa::ToSchema)]
        $(#[$attribute])*
        $visibility struct $body $(<$life>)? {
            $($(#[$about])* $(#[schema(value_type = $shown)])? $member: $kind,)*
        }

        impl $(<$life>)? $body $(<$life>)? {
            /// Takes its members out of an object; what is wrong with them is reported.
            pub fn take($fields: &$crate::http::requests::Fields<$($life)?>) -> Self {
                Self { $($member: $fields.$how(stringify!($member) $(, $argument)*),)* }
            }
        }
    };
}
pub(in crate::http) use described;

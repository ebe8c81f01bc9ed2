//! Bodies that are described once: how a member is read stands beside what the document says of it.

/// Makes a body's type, with its schema, and `take`, which reads its members out of an object: each by the method of `Fields`
/// that follows it. `as` gives the type that the document shows, where it is another than the one that is read.
macro_rules! described {
    (
        $(#[$attribute:meta])*
        pub struct $body:ident $(<$life:lifetime>)? of $fields:ident: $source:ty {
            $($(#[$about:meta])* $member:ident: $kind:ty $(as $shown:ty)? = $how:ident($($argument:expr),*),)*
        }
    ) => {
        #[derive(utoipa::ToSchema)]
        $(#[$attribute])*
        pub struct $body $(<$life>)? {
            $($(#[$about])* $(#[schema(value_type = $shown)])? $member: $kind,)*
        }

        impl $(<$life>)? $body $(<$life>)? {
            /// Reads its members; what is wrong with them is reported.
            pub fn take($fields: &$source) -> Self {
                Self { $($member: $fields.$how(stringify!($member) $(, $argument)*),)* }
            }
        }
    };
}
pub(in crate::http) use described;

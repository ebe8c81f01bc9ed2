//! Replies that show what the broker returns, member by member.

/// Makes a reply, and `of`, which fills it from a value of another type: each member from the field of the same name, unless
/// `= expression` says otherwise.
macro_rules! shown {
    (
        $(#[$attribute:meta])*
        pub struct $reply:ident of $from:ident: $source:ty {
            $($(#[$about:meta])* $member:ident: $kind:ty $(= $value:expr)?,)*
        }
    ) => {
        #[derive(serde::Serialize, utoipa::ToSchema)]
        $(#[$attribute])*
        pub struct $reply {
            $($(#[$about])* $member: $kind,)*
        }

        impl $reply {
            /// The reply that shows this value.
            pub fn of($from: $source) -> Self {
                Self { $($member: $crate::http::shown::shown!(@value $from, $member $(, $value)?),)* }
            }
        }
    };
    (@value $from:ident, $member:ident) => {
        $from.$member
    };
    (@value $from:ident, $member:ident, $value:expr) => {
        $value
    };
}
pub(in crate::http) use shown;

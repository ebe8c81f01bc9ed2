//! How metrics are declared: a macro, so that each is written once.

/// Declares the metrics: `/// Help.`, a field, its kind, its name, its labels, and the buckets of a histogram.
macro_rules! metrics {
    ($( $( #[doc = $help:literal] )+ $field:ident: $kind:ident = $name:literal, [$($label:expr),*] $(, $buckets:expr)?; )+) => {
        /// Every metric of the service, one field each.
        #[derive(Debug)]
        pub struct Metrics {
            /// Where every metric is registered, to be read as a whole.
            pub(super) registry: prometheus::Registry,
            /// The queues with series of their own.
            pub(super) names: parking_lot::RwLock<super::queue_names::QueueNames>,
            /// Held while the series of removed queues are dropped.
            pub(super) dropping: parking_lot::Mutex<()>,
            $( $( #[doc = $help] )+ pub $field: $kind, )+
        }

        impl Metrics {
            /// The names of all metrics, apart from those of the process, and their kinds.
            pub const DECLARED: &[(&str, &str)] = &[$(($name, stringify!($kind))),+];

            /// Tells up to `max_queues` queues apart.
            #[must_use]
            pub fn new(max_queues: usize) -> Self {
                let registry = prometheus::Registry::new();
                super::registration::register_process(&registry);
                let metrics = Self {
                    $( $field: super::registration::register(
                        &registry, $name, concat!($($help),+).trim(), &[$($label),*], &[$($buckets)?],
                    ), )+
                    registry,
                    names: parking_lot::RwLock::new(super::queue_names::QueueNames::new(max_queues)),
                    dropping: parking_lot::Mutex::default(),
                };
                metrics.build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
                metrics
            }

            /// Makes all series of a queue, with the value 0.
            pub(super) fn start_queue(&self, queue: &str) {
                use super::kinds::Kind as _;
                $( for values in super::labels::combinations(&[$($label),*], Some(queue)) {
                    self.$field.start(&values);
                } )+
            }

            /// Drops the series of queues that are not to be kept.
            pub(super) fn retain_queues(&self, is_kept: &dyn Fn(&str) -> bool) {
                use super::kinds::Kind as _;
                $( self.$field.retain_queues(is_kept); )+
            }

            /// Drops the series of queues that are no more from the gauges that are read from the database: a reading may have been
            /// made before its queue was removed.
            pub fn keep_readings_of(&self, is_kept: &dyn Fn(&str) -> bool) {
                use super::kinds::Kind as _;
                $( self.$field.retain_readings(is_kept); )+
            }

            /// Drops all that was read from the database: it is too old to be true.
            pub fn forget_readings(&self) {
                use super::kinds::Kind as _;
                $( self.$field.forget_reading(); )+
            }
        }
    };
}

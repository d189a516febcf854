//! Contract macro: the trait, its wire client, its guarded provider and its table of operations.

use crate::{CallError, Guard, LateBound};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use transport::Channel;

/// Repeatability of an operation: whether transports may retry a call that got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Repeating a call has no further effect and yields the same result, so transports retry it.
    Idempotent,
    /// A call is sent once; it is unknown whether one without a response had an effect.
    Once,
}

/// Operation of a contract, as routing, retries and fault injection see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The method's name, which is also the last segment of its path.
    pub name: &'static str,
    /// Whether transports may retry it.
    pub repeat: Repeat,
}

/// Contract of a service: implemented by [`contract!`](crate::contract!) for the trait object, never by hand.
pub trait Contract: Send + Sync + 'static {
    /// The providing service's name in the module table.
    const SERVICE: &'static str;

    /// Its operations, in the order of the trait.
    const OPERATIONS: &'static [Operation];

    /// A client that sends every call over `channel`, as JSON.
    fn client(channel: Channel) -> Arc<Self>;

    /// The same provider behind its guard.
    fn guarded(provider: Arc<Self>, guard: Guard) -> Arc<Self>;

    /// A handle that may be given out before its provider exists.
    fn late_bound(slot: LateBound<Self>) -> Arc<Self>;

    /// Runs the operation at this index of [`Contract::OPERATIONS`] with arguments and result as JSON.
    fn dispatch(
        provider: Arc<Self>,
        operation: usize,
        arguments: Bytes,
    ) -> BoxFuture<'static, Result<Bytes, CallError>>;
}

/// Contract declaration: expands to a trait whose methods take owned values and return `Result<_, CallError>`, and to its
/// implementations for wire client, guarded provider and late-bound handle.
///
/// Each operation begins with its [`Repeat`]: `idempotent fn` may be retried, `once fn` may not. Arguments and results
/// are `Serialize + DeserializeOwned + Send`; over the wire the arguments are the fields of one JSON object, so an
/// operation can gain an optional argument. A trait may be generic over one bounded type, whose service then stands in
/// parentheses: `in (E::SOURCE)`. Providers implement the trait with `#[async_trait]`. The crate of the declaration depends on
/// `serde`, which the expansion names.
///
/// ```
/// use rpc::{CallError, Contract, Operation, Repeat, contract};
///
/// contract! {
///     /// Counters by name.
///     pub trait Counters in "counter-service" {
///         /// The value of a counter.
///         idempotent fn value(name: String) -> u64;
///
///         /// Increments a counter and returns its new value.
///         once fn increment(name: String, by: u64) -> u64;
///     }
/// }
///
/// assert_eq!(<dyn Counters>::SERVICE, "counter-service");
/// assert_eq!(<dyn Counters>::OPERATIONS[1], Operation { name: "increment", repeat: Repeat::Once });
/// ```
#[macro_export]
macro_rules! contract {
    (
        $(#[$doc:meta])*
        $vis:vis trait $Name:ident $(<$G:ident : $Bound:path>)? in $service:tt {
            $(
                $(#[$operation_doc:meta])*
                $repeat:ident fn $operation:ident( $($argument:ident : $Argument:ty),* $(,)? ) -> $Answer:ty;
            )*
        }
    ) => {
        $(#[$doc])*
        #[$crate::private::async_trait]
        $vis trait $Name $(<$G: $Bound>)?: ::std::fmt::Debug + Send + Sync + 'static {
            $(
                $(#[$operation_doc])*
                async fn $operation(&self, $($argument: $Argument),*)
                    -> ::std::result::Result<$Answer, $crate::CallError>;
            )*
        }

        const _: () = {
            use ::std::{result::Result, sync::Arc};

            /// Index of each operation in the table.
            #[expect(non_camel_case_types, reason = "named like the operations")]
            #[derive(Clone, Copy)]
            enum Index { $($operation),* }

            #[$crate::private::async_trait]
            impl $(<$G: $Bound>)? $Name $(<$G>)? for $crate::WireClient<dyn $Name $(<$G>)?> {
                $(
                    async fn $operation(&self, $($argument: $Argument),*) -> Result<$Answer, $crate::CallError> {
                        #[derive(::serde::Serialize)]
                        struct Arguments { $($argument: $Argument),* }

                        let arguments = Arguments { $($argument),* };
                        self.call(Index::$operation as usize, &arguments).await
                    }
                )*
            }

            #[$crate::private::async_trait]
            impl $(<$G: $Bound>)? $Name $(<$G>)? for $crate::Guarded<dyn $Name $(<$G>)?> {
                $(
                    async fn $operation(&self, $($argument: $Argument),*) -> Result<$Answer, $crate::CallError> {
                        let call = self.provider.$operation($($argument),*);
                        self.guard.call(Index::$operation as usize, call).await
                    }
                )*
            }

            // Without `#[async_trait]`: returning the provider's own boxed future saves a second box per call.
            impl $(<$G: $Bound>)? $Name $(<$G>)? for $crate::LateBound<dyn $Name $(<$G>)?> {
                $(
                    fn $operation<'life0, 'async_trait>(
                        &'life0 self,
                        $($argument: $Argument),*
                    ) -> ::std::pin::Pin<Box<
                        dyn Future<Output = Result<$Answer, $crate::CallError>> + Send + 'async_trait,
                    >>
                    where
                        'life0: 'async_trait,
                        Self: 'async_trait,
                    {
                        match self.provider() {
                            Ok(provider) => provider.$operation($($argument),*),
                            Err(error) => Box::pin(::std::future::ready(Err(error))),
                        }
                    }
                )*
            }

            impl $(<$G: $Bound>)? $crate::Contract for dyn $Name $(<$G>)? {
                const SERVICE: &'static str = $service;

                const OPERATIONS: &'static [$crate::Operation] = &[
                    $($crate::Operation { name: stringify!($operation), repeat: $crate::repeat!($repeat) }),*
                ];

                fn client(channel: ::transport::Channel) -> Arc<Self> {
                    Arc::new($crate::WireClient::<Self>::new(channel))
                }

                fn guarded(provider: Arc<Self>, guard: $crate::Guard) -> Arc<Self> {
                    Arc::new($crate::Guarded::<Self> { provider, guard })
                }

                fn late_bound(slot: $crate::LateBound<Self>) -> Arc<Self> {
                    Arc::new(slot)
                }

                fn dispatch(
                    provider: Arc<Self>,
                    operation: usize,
                    arguments: $crate::private::Bytes,
                ) -> $crate::private::BoxFuture<'static, Result<$crate::private::Bytes, $crate::CallError>> {
                    Box::pin(async move {
                        $(
                            if operation == Index::$operation as usize {
                                #[derive(::serde::Deserialize)]
                                struct Arguments { $($argument: $Argument),* }

                                let Arguments { $($argument),* } =
                                    $crate::private::decode(&arguments)?;
                                let result = provider.$operation($($argument),*).await?;
                                return $crate::private::encode(&result);
                            }
                        )*
                        unreachable!("endpoints are made from the table of operations")
                    })
                }
            }
        };
    };
}

/// The [`Repeat`] of the keyword before `fn`.
#[doc(hidden)]
#[macro_export]
macro_rules! repeat {
    (idempotent) => {
        $crate::Repeat::Idempotent
    };
    (once) => {
        $crate::Repeat::Once
    };
}

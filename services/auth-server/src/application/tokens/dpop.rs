//! DPoP at this server (RFC 9449): proofs that count, each once also where several processes share what they have seen.

use crate::{
    application::{issuer::Issuer, keys::seal::KEY_BYTES},
    domain::events::ClientId,
};
use jose::{DpopProof, base64url_encode};
use kernel::Ids;
use resource_server::{DpopVerifier as Verifier, ProofRefusal as Refusal};
use std::sync::Arc;
use storage::{KeyValue, StorageError};

/// Request that a proof comes with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProvenRequest<'a> {
    pub(crate) method: &'a str,
    /// Path below the issuer, such as `/token`.
    pub(crate) path: &'a str,
    /// Client that sends it, or that the access token was issued to.
    pub(crate) client: &'a ClientId,
    /// Access token that is presented with it.
    pub(crate) access_token: Option<&'a str>,
}

/// Reason why a proof does not count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofRefusal {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Verifier of proofs.
#[derive(Debug)]
pub(crate) struct DpopVerifier {
    issuer: Arc<Issuer>,
    /// What the processes of this service have seen.
    values: Arc<dyn KeyValue>,
    /// What this process has seen: bounds what it writes there.
    proofs: Verifier,
}

impl DpopVerifier {
    pub(crate) fn new(
        issuer: &Arc<Issuer>,
        ids: &Ids,
        values: &Arc<dyn KeyValue>,
        nonce_key: Option<&[u8; KEY_BYTES]>,
    ) -> Self {
        let nonce_key = nonce_key.map(|key| &key[..]);
        Self {
            issuer: Arc::clone(issuer),
            values: Arc::clone(values),
            proofs: Verifier::new(Arc::clone(ids.clock()), nonce_key),
        }
    }

    /// Verifies a proof and uses it up. The address that it must be for is made from the issuer, and never from what a request says
    /// about its host.
    pub(crate) async fn verify(
        &self,
        proof: &str,
        request: ProvenRequest<'_>,
    ) -> Result<DpopProof, ProofRefusal> {
        let uris = [self.issuer.at(request.path)];
        let request = resource_server::ProvenRequest {
            method: request.method,
            uris: &uris,
            client: request.client.as_str(),
            access_token: request.access_token,
        };
        let proof = self.proofs.verify(proof, request)?;
        let key = ["dpop-", &base64url_encode(proof.replay_key())].concat();
        let until = Some(proof.remembered_until());
        if self.values.add(&key, 1, self.proofs.now(), until).await? == 1 {
            return Ok(proof);
        }
        Err(Refusal::Replayed.into())
    }

    /// Nonce for the next proof, if one is demanded.
    pub(crate) fn nonce(&self) -> Option<String> {
        self.proofs.nonce()
    }
}

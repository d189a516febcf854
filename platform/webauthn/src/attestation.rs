//! Attestation object of a registration (section 6.5): authenticator data in an envelope of CBOR. No attestation is asked for, so that
//! browsers send none, or one that the credential signed itself.

use crate::{WebauthnError, cose_key::SIGNATURE_BYTES_MAX};
use minicbor::Decoder;

/// Longest attestation object, in bytes.
pub const ATTESTATION_BYTES_MAX: usize = 16 * 1024;

/// Attestation object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AttestationObject<'a> {
    pub(crate) authenticator_data: &'a [u8],
    pub(crate) statement: Statement<'a>,
}

/// Attestation statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Statement<'a> {
    /// No attestation (section 8.7).
    None,
    /// Self attestation (section 8.2): a signature by the key of the credential.
    Itself { signature: &'a [u8] },
}

impl<'a> AttestationObject<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, WebauthnError> {
        if bytes.len() > ATTESTATION_BYTES_MAX {
            return Err(WebauthnError::TooLong);
        }
        parse(bytes).ok().flatten().ok_or(WebauthnError::Attestation)
    }
}

/// `None` is an object of another form; an error, bytes that are no CBOR.
fn parse(bytes: &[u8]) -> Result<Option<AttestationObject<'_>>, minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    if decoder.map()? != Some(3) {
        return Ok(None);
    }
    let (mut format, mut statement, mut data) = (None, None, None);
    for _ in 0..3 {
        // Each of the three members once: a second one would be missing elsewhere.
        match decoder.str()? {
            "fmt" => format = Some(decoder.str()?),
            "attStmt" => statement = read_statement(&mut decoder)?,
            "authData" => data = Some(decoder.bytes()?),
            _ => return Ok(None),
        }
    }
    let (Some(format), Some(statement), Some(authenticator_data)) = (format, statement, data)
    else {
        return Ok(None);
    };
    let is_format = match statement {
        Statement::None => format == "none",
        Statement::Itself { .. } => format == "packed",
    };
    let is_whole = decoder.position() == bytes.len() && is_format;
    Ok(is_whole.then_some(AttestationObject { authenticator_data, statement }))
}

/// Statement of one of the two forms. The algorithm in it is that of the key, whose own the verification uses.
fn read_statement<'a>(
    decoder: &mut Decoder<'a>,
) -> Result<Option<Statement<'a>>, minicbor::decode::Error> {
    match decoder.map()? {
        Some(0) => Ok(Some(Statement::None)),
        Some(2) => {
            let mut signature = None;
            for _ in 0..2 {
                match decoder.str()? {
                    "alg" => drop(decoder.i64()?),
                    "sig" => signature = Some(decoder.bytes()?),
                    _ => return Ok(None),
                }
            }
            let signature = signature.filter(|signature| signature.len() <= SIGNATURE_BYTES_MAX);
            Ok(signature.map(|signature| Statement::Itself { signature }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minicbor::Encoder;
    use proptest::prelude::*;

    fn object(format: &str, statement: impl Fn(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        encoder.map(3).unwrap().str("fmt").unwrap().str(format).unwrap().str("attStmt").unwrap();
        statement(&mut encoder);
        encoder.str("authData").unwrap().bytes(b"data").unwrap();
        encoder.into_writer()
    }

    fn empty(encoder: &mut Encoder<Vec<u8>>) {
        encoder.map(0).unwrap();
    }

    fn itself(encoder: &mut Encoder<Vec<u8>>) {
        encoder.map(2).unwrap().str("alg").unwrap().i64(-7).unwrap();
        encoder.str("sig").unwrap().bytes(b"signature").unwrap();
    }

    #[test]
    fn no_attestation_and_self_attestation_are_read_and_no_other() {
        let none = object("none", empty);
        let expected =
            AttestationObject { authenticator_data: b"data", statement: Statement::None };
        assert_eq!(AttestationObject::parse(&none), Ok(expected));
        let packed = object("packed", itself);
        let packed = AttestationObject::parse(&packed).unwrap();
        assert_eq!(packed.statement, Statement::Itself { signature: b"signature" });
        let certified = |encoder: &mut Encoder<Vec<u8>>| {
            encoder.map(3).unwrap().str("alg").unwrap().i64(-7).unwrap();
            encoder.str("sig").unwrap().bytes(b"s").unwrap().str("x5c").unwrap().array(0).unwrap();
        };
        for wrong in [
            object("none", itself),
            object("packed", empty),
            object("packed", certified),
            object("fido-u2f", empty),
            [&none[..], &[0]].concat(),
            vec![0xa0],
        ] {
            assert_eq!(AttestationObject::parse(&wrong), Err(WebauthnError::Attestation));
        }
        for end in 0..none.len() {
            assert!(AttestationObject::parse(&none[..end]).is_err(), "{end}");
        }
        let long = vec![0; ATTESTATION_BYTES_MAX + 1];
        assert_eq!(AttestationObject::parse(&long), Err(WebauthnError::TooLong));
    }

    #[test]
    fn a_member_that_stands_there_twice_leaves_another_out() {
        let mut encoder = Encoder::new(Vec::new());
        encoder.map(3).unwrap().str("fmt").unwrap().str("none").unwrap();
        encoder.str("fmt").unwrap().str("none").unwrap();
        encoder.str("authData").unwrap().bytes(b"data").unwrap();
        let parsed = AttestationObject::parse(encoder.writer()).map(drop);
        assert_eq!(parsed, Err(WebauthnError::Attestation));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(AttestationObject::parse(&bytes).is_err());
        }
    }
}

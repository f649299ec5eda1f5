//! Who a service says it is, read in one way only.

use super::*;

fn fields(text: &str) -> Fields {
    Fields::parse(text).unwrap()
}

fn shown(authorization: Option<&str>, form: &str) -> Result<&'static str, OidcError> {
    Presented::read(authorization, &fields(form)).map(|presented| match presented {
        Presented::Basic(..) => "basic",
        Presented::Post(..) => "post",
        Presented::Assertion(..) => "assertion",
        Presented::Nothing(_) => "nothing",
    })
}

#[test]
fn a_service_shows_one_proof() {
    let header = format!("Basic {}", STANDARD.encode("app:s3cret"));
    let jwt =
        "client_assertion=a.b.c&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    assert_eq!(shown(Some(&header), ""), Ok("basic"));
    assert_eq!(shown(Some(&header), "client_id=app"), Ok("basic"));
    assert_eq!(shown(None, "client_id=app&client_secret=x"), Ok("post"));
    assert_eq!(shown(None, jwt), Ok("assertion"));
    assert_eq!(shown(None, "client_id=app"), Ok("nothing"));
    for (header, form) in [
        (Some(header.as_str()), "client_id=app&client_secret=x"),
        (Some(header.as_str()), jwt),
        (Some(header.as_str()), "client_id=other"),
        (None, "client_id=app&client_secret=x&client_assertion=a.b.c"),
        (None, "client_assertion=a.b.c&client_assertion_type=urn:evil"),
        (None, "client_secret=x"),
        (None, ""),
        (Some("Bearer abc"), ""),
        (Some("Basic %%%"), ""),
        (Some("Basic YXBw"), ""),
    ] {
        assert!(matches!(shown(header, form), Err(OidcError::InvalidClient(_))), "{header:?} {form}");
    }
    assert!(matches!(shown(None, "client_id=a&client_id=b"), Err(OidcError::InvalidRequest(_))));
}

#[test]
fn a_basic_header_is_encoded_as_a_form_is_or_not_at_all() {
    for (written, secret) in [("app:p%40ss%3A", "p@ss:"), ("app:p@ss:&=", "p@ss:&="), ("app:a+b", "a b")] {
        let header = format!("bAsIc {}", STANDARD.encode(written));
        let Ok(Presented::Basic(name, read)) = Presented::read(Some(&header), &fields("")) else { panic!("{written}") };
        assert_eq!((name.as_str(), read.as_str()), ("app", secret));
    }
}

#[test]
fn a_verifier_is_of_the_letters_of_the_standard() {
    let long = "a".repeat(129);
    for bad in ["short", &long, &format!("{}%0a", "a".repeat(43)), &format!("{}%3D", "a".repeat(43))] {
        let form = format!("grant_type=authorization_code&code=c&code_verifier={bad}");
        assert!(matches!(TokenRequest::read(&fields(&form)), Err(OidcError::InvalidGrant(_))), "{bad}");
    }
    let good = format!("grant_type=authorization_code&code=c&code_verifier={}", "a-._~".repeat(9));
    assert!(TokenRequest::read(&fields(&good)).is_ok());
}

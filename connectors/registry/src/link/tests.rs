//! What an installation may say of the context its link carries. Each refusal stands beside a file that is taken.

use crate::{catalogue, mount};
use preau_connector_api::MountedService;

fn mounted(product: &str, more: &str) -> Result<MountedService, String> {
    let text = format!("connector = \"{product}\"\n[parameters]\nurl = \"https://club.example\"\n{more}");
    let found = mount("f.toml", "f", &text, catalogue());
    let told = found.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    told.map(|service| service.expect("enabled"))
}

#[test]
fn a_link_carries_what_its_product_releases() {
    let plain = mounted("signed-link", "").unwrap();
    assert!(plain.speaks() && !plain.sends("name"), "an identifier, and nothing else by default");
    let named = mounted("signed-link", "[link]\nattributes = [\"given_name\"]\n").unwrap();
    assert!(named.sends("given_name") && !named.sends("name"));
    for (product, more, told) in [
        ("signed-link", "[link]\nattributes = [\"name\", \"ine\"]\n", "f.toml:5 link.attributes: the product does not"),
        ("signed-link", "[link]\nexp = 3600\n", "f.toml:5 link.exp: unknown field"),
        ("signed-link", "entry = \"@evil.example/\"\n", "f.toml:3 parameters.url: home becomes"),
        ("link", "[link]\nattributes = []\n", "f.toml:4 link: the link of this product carries nothing"),
        ("grr", "[link]\n", "f.toml:4 link: the link of this product carries nothing"),
    ] {
        let found = mounted(product, more).unwrap_err();
        assert!(found.contains(told), "{told}\n{found}");
    }
    assert!(!mounted("link", "").unwrap().speaks(), "control");
}

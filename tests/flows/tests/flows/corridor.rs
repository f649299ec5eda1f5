//! The corridor: from the sign-in page to the home page.

use preau_flows::{ALICE, TestHub, stories};

stories!(a_teacher_reaches_the_home_page);

async fn a_teacher_reaches_the_home_page(hub: TestHub) {
    let mut browser = hub.browser();
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("Alice Martin"), "{}", home.words());
}

//! What all protocols share: hub, sign-in, session, portal, logout.

// Small comforts for browsers that run scripts. Every page does all it has to do without this file.
(() => {
  "use strict";

  // A form sent twice by a double click would be refused the second time.
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      // What is kept as a document leaves the page where it is: its other buttons go on, and so does this one when two clicks are two.
      const once = event.submitter?.closest("[data-document]") ?? form;
      if (once.dataset.sent) event.preventDefault();
      once.dataset.sent = "yes";
      if (once !== form) setTimeout(() => delete once.dataset.sent, 2000);
    });
  }
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // A page that answers a form has no address of its own to come back to: it takes that of the page the form was on.
  const at = document.querySelector("main[data-at]")?.dataset.at;
  if (at && document.getElementById("problem")) history.replaceState(null, "", at);

  // Shows what is typed in the password field while the button is pressed in.
  const password = document.querySelector("[data-reveal]");
  if (password) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet reveal";
    button.textContent = password.dataset.reveal;
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-controls", password.id);
    const show = (shown) => {
      password.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    };
    button.addEventListener("click", () => show(password.type === "password"));
    password.form.addEventListener("submit", () => show(false));
    password.after(button);
  }

  // A code photographed on paper stands behind the address, which no server sees; nor does whoever reads the address later.
  const photographed = document.querySelector("[data-from-address]");
  if (photographed && location.hash.length > 1) {
    photographed.value = location.hash.slice(1, 41);
    history.replaceState(null, "", location.pathname + location.search);
    // A child who photographed a card presses no button for it.
    if ("atOnce" in photographed.dataset) photographed.form.requestSubmit();
  }

  // An answer on its way to a service needs no click.
  document.querySelector("form[data-continue]")?.requestSubmit();

  // Services are told of the end of the session by frames; the page leads on once they have heard, or after three seconds.
  const leave = document.querySelector("[data-leave]");
  if (leave) {
    const heard = [...document.querySelectorAll("iframe")].map(
      (frame) =>
        new Promise((done) => {
          frame.addEventListener("load", done, { once: true });
          // The page may have come to its end later than its frames.
          if (performance.getEntriesByName(frame.src, "resource").length > 0) done();
        }),
    );
    const patience = new Promise((done) => setTimeout(done, 3000));
    Promise.race([Promise.all(heard), patience]).then(() => location.replace(leave.href));
  }

  // Filters the tiles while one types; the server does the same when the form is sent.
  const search = document.querySelector("[data-search]");
  const found = document.querySelector("[data-found]");
  if (search && found) {
    const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’ʼ]/g, "'").toLowerCase();
    const atHand = document.querySelectorAll("[data-at-hand]");
    const sections = [...document.querySelectorAll("[data-tiles]")].map((section) => ({
      section,
      tiles: [...section.querySelectorAll("li")].map((tile) => ({
        tile,
        text: fold(`${tile.querySelector("a").textContent} ${section.querySelector("h2").textContent}`),
      })),
    }));
    const filter = () => {
      const words = fold(search.value).split(/\s+/).filter(Boolean);
      let total = 0;
      for (const section of atHand) section.hidden = words.length > 0;
      for (const { section, tiles } of sections) {
        let shown = 0;
        for (const { tile, text } of tiles) {
          tile.hidden = !words.every((word) => text.includes(word));
          if (!tile.hidden) shown += 1;
        }
        section.hidden = shown === 0;
        total += shown;
      }
      const { none, one, many } = found.dataset;
      found.textContent = !words.length ? "" : total === 0 ? none : total === 1 ? one : many.replace("#", total);
    };
    search.addEventListener("input", filter);
  }
})();

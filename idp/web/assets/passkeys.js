// Passkeys: asks the browser's authenticator, and sends its answer with the form that holds the question. A page does without it:
// the forms are shown, and the sentence in their place hidden, by this file alone.
(() => {
  "use strict";
  if (!globalThis.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  /** The options of a form, whose bytes are written in base64url. */
  const asked = (form) => {
    const options = JSON.parse(form.dataset.passkey);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
    return options;
  };

  const send = (form, credential) => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    const { id, type } = credential;
    form.elements.answer.value = JSON.stringify({ id, rawId: text(credential.rawId), type, response });
    form.submit();
  };

  for (const sentence of document.querySelectorAll("[data-without-passkey]")) sentence.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const makes = "makes" in form.dataset;
    let waiting = new AbortController();
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      delete form.dataset.sent;
      waiting.abort();
      waiting = new AbortController();
      const problem = form.querySelector("[data-problem]");
      problem.hidden = true;
      try {
        const options = { publicKey: asked(form), signal: waiting.signal };
        send(form, await (makes ? navigator.credentials.create(options) : navigator.credentials.get(options)));
      } catch {
        problem.hidden = false;
      }
    });
    // The browser offers a passkey among what it can fill in, without being asked for one.
    const field = document.querySelector("input[autocomplete~=webauthn]");
    if (field && !makes && PublicKeyCredential.isConditionalMediationAvailable) {
      PublicKeyCredential.isConditionalMediationAvailable()
        .then((can) => {
          if (!can) return null;
          return navigator.credentials.get({ publicKey: asked(form), mediation: "conditional", signal: waiting.signal });
        })
        .then((credential) => credential && send(form, credential))
        .catch(() => {});
    }
  }
})();

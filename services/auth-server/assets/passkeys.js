// Passkeys: between the browser's credentials and the forms of the pages. Without this script the pages work by password.
'use strict';
(() => {
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), it => it.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const form = document.getElementById('passkey-form');
  if (!form || !window.PublicKeyCredential) return;
  const options = JSON.parse(form.dataset.options);
  // Once, for as many attempts as there are: what the page writes in base64url is bytes for the browser.
  options.challenge = bytes(options.challenge);
  if (options.user) {
    options.user.id = bytes(options.user.id);
    for (const known of options.excludeCredentials) known.id = bytes(known.id);
  }
  const send = fields => {
    for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
    form.submit();
  };

  const register = async () => {
    const made = await navigator.credentials.create({ publicKey: options });
    send({
      client_data: text(made.response.clientDataJSON),
      attestation: text(made.response.attestationObject),
    });
  };

  const signIn = async more => {
    const used = await navigator.credentials.get({ publicKey: options, ...more });
    if (!used?.response.userHandle) throw new Error('no discoverable passkey');
    send({
      credential: used.id,
      user_handle: text(used.response.userHandle),
      client_data: text(used.response.clientDataJSON),
      authenticator_data: text(used.response.authenticatorData),
      signature: text(used.response.signature),
    });
  };

  const button = document.getElementById('passkey');
  const failure = document.getElementById('passkey-failure');
  // Of two requests at once browsers refuse the second: the one that waits in the background gives way.
  const background = new AbortController();
  button.hidden = false;
  button.disabled = false;
  button.addEventListener('click', async event => {
    // The form is sent when the browser has answered.
    event.preventDefault();
    if (!form.reportValidity()) return;
    background.abort();
    button.disabled = true;
    failure.hidden = true;
    try {
      await (options.user ? register() : signIn({}));
    } catch {
      failure.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  if (!options.user && PublicKeyCredential.isConditionalMediationAvailable) {
    PublicKeyCredential.isConditionalMediationAvailable().then(isAvailable => {
      if (isAvailable) signIn({ mediation: 'conditional', signal: background.signal }).catch(() => {});
    });
  }
})();

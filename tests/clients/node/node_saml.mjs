// A web application that signs people in with node-saml, without the web: it reads one command a line and answers each with one
// line of JSON. node-saml has signatures checked by xml-crypto and assertions opened by xml-encryption.
//
// usage: node node_saml.mjs FOLDER ADDRESS PROVIDER
//
//     metadata                         the file of its metadata; its key is made the first time
//     begin redirect|post [force] [passive]
//                                      where the browser goes: an address, or a form with the request
//     finish RESPONSE                  what the library understood of what the browser brought, to a request of its own and once
//     logout                           the address by which the browser asks the provider to end the session
//     ended RESPONSE                   what came back from there
//     told REQUEST RELAY_STATE         who the provider says has signed out, and the address that tells it that it was heard

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'

const [folder, address, provider] = process.argv.slice(2)
const [key, certificate] = [`${folder}/node-saml.key`, `${folder}/node-saml.pem`]
if (!existsSync(key)) {
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=localhost']
  execFileSync('openssl', [...made, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
}
const read = (file) => readFileSync(file, 'utf8')

// What an operator copies from our metadata: addresses and certificates.
function theirs() {
  const xml = read(provider)
  const location = (service) =>
    xml.match(new RegExp(`<md:${service} Binding="[^"]*HTTP-Redirect" Location="([^"]*)"`))[1]
  const signing = [...xml.matchAll(/<md:KeyDescriptor use="signing">.*?<ds:X509Certificate>([^<]*)</gs)]
  return {
    entryPoint: location('SingleSignOnService'),
    logoutUrl: location('SingleLogoutService'),
    idpIssuer: xml.match(/entityID="([^"]*)"/)[1],
    idpCert: signing.map((found) => found[1]),
  }
}

let running
// One for each way to ask: what is outstanding, and what was answered, is known to all of them.
function saml(more = {}) {
  running = new SAML({
    issuer: `${address}metadata`,
    callbackUrl: `${address}acs`,
    logoutCallbackUrl: `${address}slo`,
    privateKey: read(key),
    publicCert: read(certificate),
    decryptionPvk: read(key),
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    identifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    disableRequestedAuthnContext: true,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: true,
    validateInResponseTo: ValidateInResponseTo.always,
    ...(running ? { cacheProvider: running.cacheProvider } : {}),
    ...(existsSync(provider) ? theirs() : { entryPoint: address, idpCert: read(certificate) }),
    ...more,
  })
  return running
}

let profile

const commands = {
  async metadata() {
    const file = `${folder}/node-saml.xml`
    writeFileSync(file, saml().generateServiceProviderMetadata(read(certificate), read(certificate)))
    return { file }
  },
  async begin(how, ...wants) {
    // Left to itself it compresses what is posted as if it stood in a query.
    const skipRequestCompression = how === 'post'
    const asking = saml({ skipRequestCompression, forceAuthn: wants.includes('force'), passive: wants.includes('passive') })
    const relay = `cahier?page=${Date.now()}`
    if (how === 'redirect') return { url: await asking.getAuthorizeUrlAsync(relay, undefined, {}), relay }
    const { SAMLRequest, RelayState } = await asking.getAuthorizeMessageAsync(relay)
    return { action: asking.options.entryPoint, request: SAMLRequest, relay: RelayState }
  },
  async finish(response) {
    const said = await running.validatePostResponseAsync({ SAMLResponse: response })
    profile = said.profile
    // To a passive request it is no error that nobody is signed in.
    if (!profile) return { nobody: true }
    const { nameID, nameIDFormat, issuer, attributes } = profile
    return { name: nameID, format: nameIDFormat.split(':').pop(), issuer, attributes }
  },
  async logout() {
    return { url: await running.getLogoutUrlAsync(profile, '', {}) }
  },
  async ended(response) {
    // It looks for the request of an answer about a sign-in alone.
    const reading = saml({ validateInResponseTo: ValidateInResponseTo.ifPresent })
    return { out: (await reading.validatePostResponseAsync({ SAMLResponse: response })).loggedOut }
  },
  async told(request, relay) {
    const asked = await running.validatePostRequestAsync({ SAMLRequest: request })
    return { name: asked.profile.nameID, url: await running.getLogoutResponseUrlAsync(asked.profile, relay, {}, true) }
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(' ')
  let said
  try {
    said = await commands[name](...args)
  } catch (error) {
    // The test reads what went wrong.
    said = { error: error.name, why: error.message, status: error.xmlStatus }
  }
  console.log(JSON.stringify(said))
}

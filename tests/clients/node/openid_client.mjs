// A web application that signs people in with openid-client, without the web: it reads one command a line and answers each
// with one line of JSON. The commands are those of ../authlib_client.py, and:
//
//     hold     from now on every call proves that it holds a key (DPoP)
//     bearer   asks for userinfo without that proof
//     seal ALG draws a key pair that answers are encrypted with from now on, and gives its public half
//     own      the key of its certificate
//     hide     shows no certificate from now on
//     show     and shows it again
//
// usage: node openid_client.mjs ISSUER CLIENT_ID SECRET_FILE REDIRECT_URI SCOPE
//
// A file whose name ends in .pem holds a certificate and its key, in place of a secret.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { X509Certificate, webcrypto } from 'node:crypto'
import { request } from 'node:https'

// Node 18 has it, but not under this name.
globalThis.crypto ??= webcrypto
const client = await import('openid-client')

const [issuer, clientId, secretFile, redirectUri, scope] = process.argv.slice(2)
const secret = readFileSync(secretFile, 'ascii').trim()
const options = issuer.startsWith('http:') ? { execute: [client.allowInsecureRequests] } : {}
const identity = secretFile.endsWith('.pem') ? { cert: secret, key: secret } : undefined
const metadata = { use_mtls_endpoint_aliases: !!identity }
const proof = identity ? client.TlsClientAuth() : client.ClientSecretBasic(secret)
const config = await client.discovery(new URL(issuer), clientId, metadata, proof, options)

// The usual fetch of Node shows no certificate.
const fetchShowing = (identity) => (url, { method, headers, body }) =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, ...identity, agent: false }, (answer) => {
      const chunks = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('end', () => {
        const told = Object.entries(answer.headers).map(([name, value]) => [name, String(value)])
        resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: told }))
      })
    })
    asked.on('error', reject)
    asked.end(body?.toString())
  })
if (identity) config[client.customFetch] = fetchShowing(identity)
let asked, first, tokens
let holding = {}

const commands = {
  async hold() {
    holding = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair()) }
    return { holds: true }
  },
  async bearer() {
    return { userinfo: await client.fetchUserInfo(config, tokens.access_token, first.claims().sub) }
  },
  async seal(alg) {
    const { subtle } = globalThis.crypto
    const rsa = { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }
    const pair = alg.startsWith('RSA')
      ? await subtle.generateKey(rsa, true, ['encrypt', 'decrypt'])
      : await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    client.enableDecryptingResponses(config, undefined, { key: pair.privateKey, alg, kid: 'enc' })
    const { kty, crv, x, y, n, e } = await subtle.exportKey('jwk', pair.publicKey)
    return { keys: [{ kty, crv, x, y, n, e, alg, kid: 'enc', use: 'enc' }] }
  },
  async own() {
    const { kty, crv, x, y } = new X509Certificate(secret).publicKey.export({ format: 'jwk' })
    return { keys: [{ kty, crv, x, y, kid: 'own' }] }
  },
  async hide() {
    config[client.customFetch] = fetchShowing({})
    return { shows: false }
  },
  async show() {
    config[client.customFetch] = fetchShowing(identity)
    return { shows: true }
  },
  async begin() {
    const verifier = client.randomPKCECodeVerifier()
    asked = { verifier, state: client.randomState(), nonce: client.randomNonce() }
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope,
      state: asked.state,
      nonce: asked.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    return { url: url.href }
  },
  async finish(address) {
    tokens = first = await client.authorizationCodeGrant(config, new URL(address), {
      pkceCodeVerifier: asked.verifier,
      expectedState: asked.state,
      expectedNonce: asked.nonce,
      idTokenExpected: true,
    }, undefined, holding)
    // Five for one that is encrypted.
    const parts = tokens.id_token.split('.').length
    return { claims: tokens.claims(), parts, ...(await commands.userinfo()), refresh: 'refresh_token' in tokens }
  },
  async userinfo() {
    return { userinfo: await client.fetchUserInfo(config, tokens.access_token, first.claims().sub, holding) }
  },
  async refresh() {
    const before = tokens.access_token
    tokens = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, holding)
    return { ...(await commands.userinfo()), renewed: tokens.access_token !== before }
  },
  async reuse() {
    return { token: !!(await client.refreshTokenGrant(config, first.refresh_token, undefined, holding)) }
  },
  async introspect() {
    return client.tokenIntrospection(config, tokens.access_token)
  },
  async logout(address) {
    const url = client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: address,
      id_token_hint: first.id_token,
    })
    return { url: url.href }
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(' ')
  let said
  try {
    said = await commands[name](...args)
  } catch (error) {
    // The test reads what went wrong.
    said = { error: error.error ?? error.code ?? error.name, why: `${error.message} ${error.cause?.message ?? ''}` }
  }
  console.log(JSON.stringify(said))
}

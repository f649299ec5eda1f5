// A web application that signs people in with openid-client, without the web: it reads one command a line and answers each
// with one line of JSON. The commands are those of ../authlib_client.py, and:
//
//     hold     from now on every call proves that it holds a key (DPoP)
//     bearer   asks for userinfo without that proof
//
// usage: node openid_client.mjs ISSUER CLIENT_ID SECRET_FILE REDIRECT_URI SCOPE

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { webcrypto } from 'node:crypto'

// Node 18 has it, but not under this name.
globalThis.crypto ??= webcrypto
const client = await import('openid-client')

const [issuer, clientId, secretFile, redirectUri, scope] = process.argv.slice(2)
const secret = readFileSync(secretFile, 'ascii').trim()
const options = issuer.startsWith('http:') ? { execute: [client.allowInsecureRequests] } : {}
const config = await client.discovery(new URL(issuer), clientId, {}, client.ClientSecretBasic(secret), options)
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
    return { claims: tokens.claims(), ...(await commands.userinfo()), refresh: 'refresh_token' in tokens }
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

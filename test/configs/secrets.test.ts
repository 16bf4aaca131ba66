// Holds configs/secrets.ts: what looks like a secret is found wherever it stands, what only sounds like one is not.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pathText } from '../../configs/fault.ts'
import { inlineSecrets, isSecretName, secretVariables } from '../../configs/secrets.ts'

const found = (tree: unknown): string[] => inlineSecrets(tree).map(({ path }) => pathText(path))

describe('isSecretName', () => {
  it('knows the names that hold secrets', () => {
    for (const name of [
      'key',
      'apiKey',
      'api_key',
      'API-KEY',
      'password',
      'saslPassword',
      'token',
      'accessToken',
      'hf_token',
      'secret',
    ]) {
      assert.equal(isSecretName(name), true, name)
    }
  })

  it('leaves alone the names of variables, and tokens of models', () => {
    for (const name of [
      'keyEnv',
      'passwordEnv',
      'maxTokens',
      'stopTokenIds',
      'stepToken',
      'keyed',
      'monkey',
      'model',
    ]) {
      assert.equal(isSecretName(name), false, name)
    }
  })
})

describe('inlineSecrets', () => {
  it('finds them at any depth, by name, by form and inside URLs', () => {
    const tree = {
      roles: {
        answerer: {
          endpoints: [{ apiKey: 'x', url: 'https://me:pass@host/v1' }],
          prompt: 'use sk-abcdefghijklmnop1234',
        },
      },
      kafka: { sasl: { passwordEnv: 'hunter2!' } },
    }
    assert.deepEqual(found(tree), [
      'roles.answerer.endpoints.0.apiKey',
      'roles.answerer.endpoints.0.url',
      'roles.answerer.prompt',
      'kafka.sasl.passwordEnv',
    ])
  })

  it('finds keys in URLs, logins before hosts, and private keys', () => {
    const tree = {
      url: 'https://host/v1?api_key=hunter2',
      kafka: { brokers: ['me:hunter2@broker:9092'], ssl: { key: '-----BEGIN RSA PRIVATE KEY-----' } },
      headersEnv: { 'X-Api-Key': 'not a name', Authorization: 'MY_TOKEN' },
    }
    assert.deepEqual(found(tree), ['url', 'kafka.brokers.0', 'kafka.ssl.key', 'headersEnv.X-Api-Key'])
  })

  it('names the variables that hold the secrets of a config', () => {
    const tree = {
      endpoints: [{ keyEnv: 'A' }, { headersEnv: { 'X-Api-Key': 'B' } }],
      kafka: { sasl: { passwordEnv: 'C' } },
    }
    assert.deepEqual(secretVariables(tree), ['A', 'B', 'C'])
  })

  it('finds none where keys are given by the names of variables', () => {
    const tree = {
      endpoints: [{ url: 'https://host/v1?x=a@b', keyEnv: 'MY_KEY' }],
      kafka: { ssl: { key: '/etc/kafka/client.key' }, sasl: { passwordEnv: 'KAFKA_PASSWORD' } },
      sampling: { maxTokens: 1024 },
      text: 'me@example.org asks about the key of C',
    }
    assert.deepEqual(found(tree), [])
  })

  it('never says what the secret is', () => {
    for (const { text, secret } of inlineSecrets({ password: 'hunter2', keyEnv: 'sk-hunter2-hunter2' })) {
      assert.doesNotMatch(text, /hunter2/)
      assert.equal(secret, true)
    }
  })
})

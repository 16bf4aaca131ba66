// The guard, by what a browser or a tool may send.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageFault } from '../../schemas/failure.ts'
import { guardOf, isLoopback, refusalOf } from '../../web/guard.ts'

const TOKEN = 'x'.repeat(24)
const open = guardOf('127.0.0.1', null, 'TOKEN', [])
const closed = guardOf('0.0.0.0', TOKEN, 'TOKEN', ['trainer.example'])
const statusOf = (guard: typeof open, headers: Record<string, string | string[]>, isPage = false) =>
  refusalOf(guard, { headers, isPage })?.status ?? 200

describe('the guard of the dashboard', () => {
  const rows: [string, number, typeof open, Record<string, string | string[]>, boolean?][] = [
    ['this machine by its address', 200, open, { host: '127.0.0.1:8780' }],
    ['this machine by its name', 200, open, { host: 'LocalHost:8780' }],
    ['IPv6', 200, open, { host: '[::1]:8780' }],
    ['a name that was bound to this machine', 421, open, { host: 'evil.example:8780' }],
    ['a name that only begins like ours', 421, open, { host: 'localhost.evil.example' }],
    ['no host', 421, open, {}],
    ['two hosts', 421, open, { host: ['127.0.0.1', 'evil.example'] }],
    [
      'its own page',
      200,
      open,
      { host: '127.0.0.1:8780', origin: 'http://127.0.0.1:8780', 'sec-fetch-site': 'same-origin' },
    ],
    ['a page of another site', 403, open, { host: '127.0.0.1:8780', origin: 'https://evil.example' }],
    ['a page of another port', 403, open, { host: '127.0.0.1:8780', origin: 'http://127.0.0.1:3000' }],
    ['a file on the disk', 403, open, { host: '127.0.0.1:8780', origin: 'null' }],
    ['a link or an image on another site', 403, open, { host: '127.0.0.1:8780', 'sec-fetch-site': 'cross-site' }],
    ['a link to the page itself', 200, open, { host: '127.0.0.1:8780', 'sec-fetch-site': 'cross-site' }, true],
    ['the allowed name with the token', 200, closed, { host: 'trainer.example', authorization: `Bearer ${TOKEN}` }],
    ['the allowed name without it', 401, closed, { host: 'trainer.example' }],
    ['this machine without it', 401, closed, { host: '127.0.0.1:8780' }],
    ['a wrong token', 401, closed, { host: 'trainer.example', authorization: `Bearer ${TOKEN.slice(1)}y` }],
    ['a shorter token', 401, closed, { host: 'trainer.example', authorization: 'Bearer x' }],
    ['another scheme', 401, closed, { host: 'trainer.example', authorization: `Basic ${TOKEN}` }],
    ['the page before its token is known', 200, closed, { host: 'trainer.example' }, true],
    ['the token under a foreign name', 421, closed, { host: 'evil.example', authorization: `Bearer ${TOKEN}` }],
  ]
  for (const [name, status, guard, headers, isPage] of rows) {
    it(`${status === 200 ? 'lets in' : `refuses (${status})`} ${name}`, () => {
      assert.equal(statusOf(guard, headers, isPage), status)
    })
  }

  it('is not made for other machines without a token, or with one that can be guessed', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.7', 'trainer.example'])
      assert.throws(
        () => guardOf(host, null, 'MY_TOKEN', []),
        (error) => error instanceof UsageFault && error.message.includes('MY_TOKEN'),
      )
    assert.throws(() => guardOf('127.0.0.1', 'short', 'MY_TOKEN', []), UsageFault)
  })

  it('knows what only this machine reaches', () => {
    assert.deepEqual(['127.0.0.1', '127.8.8.8', 'localhost', '::1'].map(isLoopback), [true, true, true, true])
    assert.deepEqual(['0.0.0.0', '::', '127.evil.example', '10.0.0.1', ''].map(isLoopback), [
      false,
      false,
      false,
      false,
      false,
    ])
  })
})

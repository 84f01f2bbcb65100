// HubSpot's client for Node, unmodified: it tries again where HubSpot says so.
//
//     MOYEU_URL=… MOYEU_TOKEN=… node faults.js SCENARIO null
//
// The portal answers faults to the first calls; what is not as it must be is thrown.

import assert from 'node:assert/strict'

import hubspot from '@hubspot/api-client'

const made = { properties: { email: 'one@example.com' }, associations: [] }

function client(retries) {
  return new hubspot.Client({
    accessToken: process.env.MOYEU_TOKEN,
    basePath: process.env.MOYEU_URL,
    numberOfApiCallRetries: retries,
  })
}

const scenarios = {
  async recovers() {
    const found = await client(2).crm.contacts.basicApi.create(made)
    assert.equal(found.properties.email, 'one@example.com')
  },

  async doesNotTryAgain() {
    await assert.rejects(client(0).crm.contacts.basicApi.create(made), (error) => {
      assert.ok(error.code === 429 || error.code === 500, error)
      return true
    })
  },
}

await scenarios[process.argv[2]]()

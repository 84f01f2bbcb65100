// HubSpot's client for Node, unmodified: records of one object type from create to archive, in v3.
//
//     MOYEU_URL=… MOYEU_TOKEN=… node objects.js SCENARIO SUBJECT
//
// SUBJECT is a row of tests/clients/subjects.py as JSON. What is not as it must be is thrown, which
// ends the process with a status other than 0. Contacts, companies and deals have classes of their
// own in the client; a custom object goes through `crm.objects`, which takes the object type as its
// first argument and has no merge.

import assert from 'node:assert/strict'

import hubspot from '@hubspot/api-client'
import companies from '@hubspot/api-client/lib/codegen/crm/companies/index.js'
import contacts from '@hubspot/api-client/lib/codegen/crm/contacts/index.js'
import deals from '@hubspot/api-client/lib/codegen/crm/deals/index.js'
import objects from '@hubspot/api-client/lib/codegen/crm/objects/index.js'

const UNKNOWN_ID = '999999999999'
const MODELS = { contacts, companies, deals }

const client = new hubspot.Client({
  accessToken: process.env.MOYEU_TOKEN,
  basePath: process.env.MOYEU_URL,
})

/** The subject's part of the client, in a portal where its key is defined. */
async function prepared(subject) {
  if (subject.is_custom) {
    await createSchema(subject)
  } else if (!subject.is_key_standard) {
    await createKey(subject)
  }
  const part = subject.is_custom ? client.crm.objects : client.crm[subject.object_type]
  return {
    basic: part.basicApi,
    batch: part.batchApi,
    models: MODELS[subject.object_type] ?? objects,
    first: subject.is_custom ? [subject.object_type] : [],
  }
}

async function createSchema({ key, title, note }) {
  const schema = await client.crm.schemas.coreApi.create({
    name: 'car',
    labels: { singular: 'Car', plural: 'Cars' },
    primaryDisplayProperty: title,
    requiredProperties: [title],
    searchableProperties: [],
    secondaryDisplayProperties: [],
    associatedObjects: ['CONTACT'],
    properties: [title, key, note].map((name) => ({
      name, label: name, type: 'string', fieldType: 'text', hasUniqueValue: name === key,
    })),
  })
  assert.equal(schema.objectTypeId, `2-${schema.id}`)
  assert.ok(schema.createdAt instanceof Date)
}

async function createKey({ object_type, key }) {
  const groups = await client.crm.properties.groupsApi.getAll(object_type)
  const made = await client.crm.properties.coreApi.create(object_type, {
    name: key,
    label: key,
    type: 'string',
    fieldType: 'text',
    groupName: groups.results[0].name,
    hasUniqueValue: true,
  })
  assert.equal(made.hasUniqueValue, true)
}

/** The unique value of the record of that number, a valid e-mail address. */
const keyOf = (number) => `record-${number}@example.com`

/** What the record of that number begins with. */
const values = (subject, number) => ({ [subject.key]: keyOf(number), [subject.title]: `Record ${number}` })

const ids = (records) => records.map(({ id }) => id)

/** The id of what came of merging the second record into the first one. */
async function merged({ basic }, subject, primaryObjectId, objectIdToMerge) {
  const body = { primaryObjectId, objectIdToMerge }
  if (!subject.is_custom) {
    return (await basic.merge(body)).id
  }
  const path = `/crm/v3/objects/${subject.object_type}/merge`
  const answer = await client.apiRequest({ method: 'POST', path, body })
  return (await answer.json()).id
}

async function life(subject) {
  const part = await prepared(subject)
  const { basic, batch, models, first } = part
  const { key, title, note } = subject

  const made = await basic.create(...first, { properties: values(subject, 0), associations: [] })
  assert.ok(made instanceof models.SimplePublicObject)
  assert.equal(made.properties[key], keyOf(0))
  assert.ok(made.createdAt instanceof Date)
  const created = await batch.createWithHttpInfo(...first, {
    inputs: [1, 2].map((number) => ({ properties: values(subject, number), associations: [] })),
  })
  assert.equal(created.httpStatusCode, 201)
  assert.ok(created.data instanceof models.BatchResponseSimplePublicObject)
  assert.equal(created.data.status, 'COMPLETE')
  const [one, two] = [1, 2].map(
    (number) => created.data.results.find(({ properties }) => properties[key] === keyOf(number)).id,
  )

  const read = await basic.getById(...first, made.id, [title, note])
  assert.ok(read instanceof models.SimplePublicObjectWithAssociations)
  assert.deepEqual([read.properties[title], read.properties[note]], ['Record 0', null])

  const changed = await basic.update(...first, made.id, { properties: { [note]: 'blue' } })
  assert.equal(changed.properties[note], 'blue')
  assert.ok(changed.updatedAt > made.updatedAt)
  const updated = await batch.updateWithHttpInfo(...first, {
    inputs: [
      { id: one, properties: { [note]: 'red' } },
      { id: two, properties: { [note]: 'grey' } },
    ],
  })
  assert.equal(updated.httpStatusCode, 200)
  assert.deepEqual(ids(updated.data.results), [one, two])

  const upserted = await batch.upsertWithHttpInfo(...first, {
    inputs: [
      { id: keyOf(1), idProperty: key, properties: { [title]: 'Known' } },
      { id: keyOf(3), idProperty: key, properties: { [title]: 'New' } },
    ],
  })
  assert.equal(upserted.httpStatusCode, 200)
  assert.ok(upserted.data instanceof models.BatchResponseSimplePublicUpsertObject)
  const [known, fresh] = ['Known', 'New'].map(
    (each) => upserted.data.results.find(({ properties }) => properties[title] === each),
  )
  assert.deepEqual([known.id, known._new, fresh._new], [one, false, true])

  const all = [made.id, one, two, fresh.id]
  const page = await basic.getPage(...first, 3)
  const rest = await basic.getPage(...first, 3, page.paging.next.after)
  assert.deepEqual(ids([...page.results, ...rest.results]), all)
  const found = await batch.readWithHttpInfo(...first, {
    inputs: all.map((id) => ({ id })), properties: [note], propertiesWithHistory: [],
  })
  assert.equal(found.httpStatusCode, 200)
  assert.deepEqual(found.data.results.map(({ properties }) => properties[note]), ['blue', 'red', 'grey', null])

  const survivorId = await merged(part, subject, one, two)
  for (const id of [one, two]) {
    assert.equal((await basic.getById(...first, id)).id, survivorId)
  }
  const survivor = await basic.getById(...first, survivorId, ['hs_merged_object_ids'])
  assert.ok(survivor.properties.hs_merged_object_ids.split(';').includes(two))

  await basic.archive(...first, survivorId)
  await batch.archive(...first, { inputs: [{ id: fresh.id }] })
  assert.deepEqual(ids((await basic.getPage(...first)).results), [made.id])
  const archived = (await basic.getPage(...first, 10, undefined, [], [], [], true)).results
  assert.ok([survivorId, fresh.id].every((id) => ids(archived).includes(id)))
  assert.ok(archived.every((each) => each.archived && each.archivedAt instanceof Date))
}

async function takenKey(subject) {
  const { basic, models, first } = await prepared(subject)
  const input = { properties: values(subject, 0), associations: [] }
  const holder = await basic.create(...first, input)

  await assert.rejects(basic.create(...first, input), (error) => {
    assert.ok(error instanceof models.ApiException)
    const expected = subject.is_key_standard ? [409, 'CONFLICT'] : [400, 'VALIDATION_ERROR']
    assert.deepEqual([error.code, error.body.category], expected)
    assert.ok(error.body.message.includes(holder.id))
    assert.equal(error.body.correlationId, error.headers['x-hubspot-correlation-id'])
    return true
  })
}

async function failedPart(subject) {
  const { basic, batch, models, first } = await prepared(subject)
  const { key, title } = subject
  const made = await basic.create(...first, { properties: values(subject, 0), associations: [] })
  const bad = { properties: { nothing_like_it: 'x' }, objectWriteTraceId: 'bad' }

  const created = await batch.createWithHttpInfo(...first, {
    inputs: [
      { properties: values(subject, 1), objectWriteTraceId: 'good', associations: [] },
      { ...bad, associations: [] },
    ],
  })
  const upserted = await batch.upsertWithHttpInfo(...first, {
    inputs: [
      { id: keyOf(0), idProperty: key, properties: { [title]: 'Known' }, objectWriteTraceId: 'good' },
      { id: keyOf(9), idProperty: key, ...bad },
    ],
  })
  const read = await batch.readWithHttpInfo(...first, {
    inputs: [{ id: made.id }, { id: UNKNOWN_ID }], properties: [title], propertiesWithHistory: [],
  })

  assert.deepEqual([created, upserted, read].map(({ httpStatusCode }) => httpStatusCode), [207, 207, 207])
  assert.ok(created.data instanceof models.BatchResponseSimplePublicObjectWithErrors)
  assert.ok(upserted.data instanceof models.BatchResponseSimplePublicUpsertObjectWithErrors)
  assert.deepEqual(created.data.results.map(({ properties }) => properties[key]), [keyOf(1)])
  assert.deepEqual(upserted.data.results.map((each) => each.objectWriteTraceId), ['good'])
  for (const { data } of [created, upserted]) {
    assert.equal(data.numErrors, 1)
    assert.equal(data.errors[0].category, 'VALIDATION_ERROR')
    assert.deepEqual(data.errors[0].context.objectWriteTraceId, ['bad'])
  }
  assert.deepEqual(ids(read.data.results), [made.id])
  assert.deepEqual(read.data.errors[0].context.ids, [UNKNOWN_ID])
}

async function archivedRecord(subject) {
  const { basic, models, first } = await prepared(subject)
  const made = await basic.create(...first, { properties: values(subject, 0), associations: [] })
  await basic.archive(...first, made.id)

  await assert.rejects(
    basic.getById(...first, made.id),
    (error) => error instanceof models.ApiException && error.code === 404,
  )
}

const SCENARIOS = { life, takenKey, failedPart, archivedRecord }
const [scenario, subject] = process.argv.slice(2)
await SCENARIOS[scenario](JSON.parse(subject))
